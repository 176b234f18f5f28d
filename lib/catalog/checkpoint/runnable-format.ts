import type { StorageFormat } from "../families/tensor";
import type { Gpu } from "../types";

/** First compute capability with FP8 units (Ada), and with FP4 units (Blackwell). */
const FP8_SINCE = 8.9;
const FP4_SINCE = 10;

/**
 * The kernel that vLLM runs for weights of `stored` on a GPU: without FP8 units FP8 weights are widened to 16 bits (Marlin),
 * without FP4 units NVFP4 is too, as 4-bit weights are. GPUs of other makers run what they have units for.
 */
export function runnableFormat(stored: StorageFormat, gpu: Gpu): StorageFormat {
  const capability = gpu.computeCapability ?? (gpu.fp8FlopsPerSecond === undefined ? 0 : FP8_SINCE);
  if ((stored === "fp8" || stored === "fp8_block") && capability < FP8_SINCE) return "w8a16";
  if (stored === "nvfp4" && capability < FP4_SINCE) return "int4";
  return stored;
}
