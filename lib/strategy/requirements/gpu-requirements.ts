import type { Situation } from "../situation";
import type { Requirement } from "./requirement";

/** First compute capability with BF16 (Ampere); vLLM's worker refuses it below (v1/worker/gpu_worker.py, init_device). */
const BF16_SINCE = 8;

/** What the GPU must be able to do; nothing where it can. */
export function gpuRequirements({ deployment, hardware }: Situation): Requirement[] {
  const { computeCapability = BF16_SINCE, kind, name } = hardware.gpu;
  if (kind === "cpu" || deployment.serving.dtype !== "bfloat16" || computeCapability >= BF16_SINCE) return [];
  return [
    {
      id: "dtype-runs",
      requirement: "the GPU computes in the type that vLLM is given",
      value: computeCapability,
      limit: BF16_SINCE,
      unit: "compute capability",
      bound: "least",
      valueText: `bfloat16 needs compute capability ${BF16_SINCE}.0, and ${name} has ${computeCapability}`,
      configKey: "serving.dtype",
      change: "set serving.dtype to float16",
    },
  ];
}
