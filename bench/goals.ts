import type { Residual } from "./evaluate";

/** What is promised for a kind of figure on groups left out of the fit. Shares of 1. */
export interface Goal {
  readonly name: string;
  readonly median: number;
  readonly p90?: number;
  /** No row may be further off than this. */
  readonly worst?: number;
  readonly holds: (residual: Residual) => boolean;
}

const isVllm = ({ row }: Residual): boolean => row.cells.engine === "vLLM";
const isClosed = ({ row }: Residual): boolean => row.cells.arrivals === "closed";
const isOpenVllm = (residual: Residual): boolean => isVllm(residual) && !isClosed(residual);
const isOffline =
  (version: RegExp) =>
  ({ row }: Residual): boolean =>
    row.cells.arrivals === "offline" && version.test(row.engine);

/** The goals, in the order of the table. Figures of NIM have no goal and are listed by group. */
export const goals: readonly Goal[] = [
  {
    name: "TPOT, vLLM",
    median: 0.03,
    p90: 0.07,
    holds: (r) => isVllm(r) && (r.column === "itl_ms_mean" || r.column === "itl_ms_p50"),
  },
  {
    name: "TTFT mean, vLLM closed loop",
    median: 0.05,
    p90: 0.12,
    holds: (r) => isVllm(r) && isClosed(r) && r.column === "ttft_ms_mean",
  },
  {
    name: "TTFT mean and p50, vLLM rate-driven",
    median: 0.06,
    worst: 0.25,
    holds: (r) => isOpenVllm(r) && (r.column === "ttft_ms_mean" || r.column === "ttft_ms_p50"),
  },
  {
    name: "TTFT p99, vLLM rate-driven",
    median: 0.2,
    holds: (r) => isOpenVllm(r) && r.column === "ttft_ms_p99",
  },
  { name: "output tokens/s, TensorRT-LLM 0.14", median: 0.08, p90: 0.2, holds: isOffline(/ 0\.14/) },
  { name: "output tokens/s, TensorRT-LLM 0.20", median: 0.08, p90: 0.2, holds: isOffline(/ 0\.20/) },
  { name: "output tokens/s, TensorRT-LLM 1.x", median: 0.08, p90: 0.2, holds: isOffline(/ 1\./) },
];
