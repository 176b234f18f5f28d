import type { EngineProfile } from "../types";
import { type Curve, logLogCurve } from "./log-log";
import type { CollectiveTable, Series } from "./tables";

const NCCL = "nccl-2.29.2";
/** vLLM before 0.19 hands messages of 512 tokens of Llama-70B (8 MiB) and more to NCCL. */
const CUSTOM_LIMIT_BYTES = 8 * 2 ** 20;

/**
 * All-reduce within one NVLink node by message bytes, in microseconds. Engines bring their own kernels for small
 * messages; vLLM's changed with its version: before 0.19 the kernel stops early and NCCL takes over.
 */
export function allReduceCurve(table: CollectiveTable, gpus: number, engine: EngineProfile): Curve {
  const custom = seriesCurve(table.allReduce[kernelOf(engine)][gpus]);
  if (kernelOf(engine) !== "vllm-0.14.0") return custom;
  const nccl = seriesCurve(table.allReduce[NCCL][gpus]);
  return (bytes) => (bytes < CUSTOM_LIMIT_BYTES ? custom(bytes) : nccl(bytes));
}

function kernelOf({ name, version }: EngineProfile): string {
  if (name === "SGLang") return "sglang-0.5.14";
  if (name === "TensorRT-LLM" || name === "NIM") return "trtllm-1.3.0rc20";
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  if (major > 0 || minor >= 24) return "vllm-0.24.0";
  return minor >= 19 ? "vllm-0.19.0" : "vllm-0.14.0";
}

/** Curve through a measured series of a collective. */
export const seriesCurve = ({ bytes, us }: Series): Curve => logLogCurve(bytes, us);
