import type { LatencyModelInput } from "../../performance";
import type { Situation } from "../situation";
import type { Strategy } from "../types";

/** How one replica's share of a model is cut: the replicas of a mixture of experts are data-parallel ranks that share them. */
export function shardingOf(
  { model }: Pick<Situation, "model">,
  { tensorParallel, pipelineParallel, dataParallel, expertParallel, sequenceParallel }: Strategy,
): Pick<
  LatencyModelInput,
  "tensorParallel" | "pipelineParallel" | "expertParallel" | "expertReplicas" | "sequenceParallel"
> {
  const expertReplicas = model.experts ? dataParallel : 1;
  return { tensorParallel, pipelineParallel, expertParallel, expertReplicas, sequenceParallel };
}
