import type { Gpu } from "../../catalog";
import type { GemmShape } from "../shards/shard";
import type { Precision } from "../types";

/** What bounds a kernel: peak arithmetic and memory bandwidth. */
export type Machine = Pick<Gpu, "hbmBytesPerSecond" | "bf16FlopsPerSecond" | "fp8FlopsPerSecond">;

/**
 * The GPU on which the tables were measured. Peaks only turn a measured time into an efficiency and back,
 * so that a wrong peak cancels. Source: ai-dynamo/aiconfigurator commit 095f58a, systems/h100_sxm.yaml, read 2026-11-22.
 */
export const h100Sxm = {
  hbmBytesPerSecond: 3.35e12,
  bf16FlopsPerSecond: 989e12,
  fp8FlopsPerSecond: 1978e12,
  nvlinkBytesPerSecond: 450e9,
} as const satisfies Machine & { nvlinkBytesPerSecond: number };

/** Bytes of one activation. */
export const BF16_BYTES = 2;
const MICROSECONDS = 1e6;

/** Bytes of one weight or cached value. */
export const bytesOf = (precision: Precision): number => (precision === "fp8" ? 1 : BF16_BYTES);

/**
 * Least time of y[m,n] = x[m,k] W[k,n] in microseconds: max(2 m n k / peak, bytes / bandwidth), output in BF16.
 * Without FP8 units FP8 weights are widened on the fly: BF16 arithmetic over FP8 bytes.
 */
export function gemmRooflineUs(machine: Machine, shape: GemmShape, precision: Precision, m: number): number {
  const { n, k } = shape;
  const width = bytesOf(precision);
  const flops = peakFlops(machine, precision);
  const bytes = (n * k + m * k) * width + m * n * BF16_BYTES;
  return Math.max((2 * m * n * k) / flops, bytes / machine.hbmBytesPerSecond) * MICROSECONDS;
}

/** Peak of the arithmetic that a precision runs in, in FLOP/s. */
export const peakFlops = (machine: Machine, precision: Precision): number =>
  (precision === "fp8" ? machine.fp8FlopsPerSecond : undefined) ?? machine.bf16FlopsPerSecond;
