import type { Situation } from "../situation";
import type { Strategy } from "../types";

/**
 * Degrees of expert parallelism that vLLM knows: 1 for dense models. Within one replica the experts are cut like all
 * else (1) or spread whole over its ranks (TP); data-parallel replicas share one set of experts, spread over all of them.
 */
export function expertDegrees(
  { model }: Situation,
  { tensorParallel, dataParallel }: Pick<Strategy, "tensorParallel" | "dataParallel">,
): number[] {
  if (!model.experts) return [1];
  if (dataParallel > 1) return [tensorParallel * dataParallel];
  return tensorParallel > 1 ? [1, tensorParallel] : [1];
}
