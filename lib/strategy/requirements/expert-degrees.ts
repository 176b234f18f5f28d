import type { Situation } from "../situation";
import type { Strategy } from "../types";

/**
 * Degrees of expert parallelism that vLLM knows: 1 for dense models. Experts are cut like all else (1), or spread whole over
 * all ranks (TP x DP): data-parallel ranks of one engine share one set of experts either way (FusedMoEParallelConfig.make in
 * vllm/model_executor/layers/fused_moe/config.py of 0.33).
 */
export function expertDegrees(
  { model }: Situation,
  { tensorParallel, dataParallel }: Pick<Strategy, "tensorParallel" | "dataParallel">,
): number[] {
  const ranks = tensorParallel * dataParallel;
  return model.experts && ranks > 1 ? [1, ranks] : [1];
}
