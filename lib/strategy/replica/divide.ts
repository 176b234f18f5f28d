import type { ModelArchitecture } from "../../catalog";
import { partitionLayers } from "../../performance";
import type { ModuleDivision, Strategy } from "../types";

/**
 * What each GPU holds. Ranks are numbered as vLLM numbers them: replica outermost, then stage, then tensor rank, so
 * that a tensor-parallel group is a run of neighbouring GPUs. Stages tile the layers without gap or overlap.
 */
export function divideModules(
  model: ModelArchitecture,
  strategy: Strategy,
  gpusPerNode: number,
): ModuleDivision[] {
  const { tensorParallel, pipelineParallel, dataParallel } = strategy;
  const counts = partitionLayers(model.layers, Math.min(pipelineParallel, model.layers));
  const stages = counts.map((count, stage) => {
    const firstLayer = counts.slice(0, stage).reduce((sum, n) => sum + n, 0);
    return { stage, firstLayer, lastLayer: firstLayer + count - 1 };
  });
  return Array.from({ length: dataParallel }, (_, replica) => replica).flatMap((replica) =>
    stages.flatMap(({ stage, firstLayer, lastLayer }) =>
      Array.from({ length: tensorParallel }, (_, tensorRank) => {
        const gpu = (replica * pipelineParallel + stage) * tensorParallel + tensorRank;
        return {
          gpu,
          node: Math.floor(gpu / gpusPerNode),
          replica,
          stage,
          tensorRank,
          firstLayer,
          lastLayer,
          embedding: stage === 0,
          logits: stage === stages.length - 1,
        };
      }),
    ),
  );
}
