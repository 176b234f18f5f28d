import type { GemmShape } from "../shards/shard";
import type { Precision } from "../types";
import { activationBytes, type KernelPrecision, type Machine, peakFlops, weightBytes } from "./precision";

/** Bytes of one activation. */
export const BF16_BYTES = 2;
const MICROSECONDS = 1e6;

/** Bytes of one weight or cached value. */
export const bytesOf = (precision: Precision): number => (precision === "fp8" ? 1 : BF16_BYTES);

/**
 * Least time of y[m,n] = x[m,k] W[k,n] in microseconds: max(2 m n k / peak, bytes / bandwidth), output in BF16. What has
 * no units of its own is widened on the fly: BF16 arithmetic over narrow weights. Peaks only turn a measured time into an
 * efficiency and back, so that a wrong peak cancels.
 */
export function gemmRooflineUs(
  machine: Machine,
  shape: GemmShape,
  precision: KernelPrecision,
  m: number,
): number {
  const { n, k } = shape;
  const bytes = n * k * weightBytes(precision) + m * k * activationBytes(precision) + m * n * BF16_BYTES;
  const flops = peakFlops(machine, precision);
  return Math.max((2 * m * n * k) / flops, bytes / machine.hbmBytesPerSecond) * MICROSECONDS;
}
