import type { LatencyModelInput } from "../../performance";
import type { Situation } from "../situation";
import type { Strategy } from "../types";

/** How one replica's share of a model is cut: the replicas of a mixture of experts are data-parallel ranks that share them. */
export function shardingOf(
  { model, deployment }: Pick<Situation, "model" | "deployment">,
  { tensorParallel, pipelineParallel, dataParallel, expertParallel, sequenceParallel }: Strategy,
): Pick<
  LatencyModelInput,
  | "tensorParallel"
  | "pipelineParallel"
  | "expertParallel"
  | "expertReplicas"
  | "sequenceParallel"
  | "decodeContextParallel"
  | "expertSkew"
  | "expertBalancing"
> {
  const expertReplicas = model.experts ? dataParallel : 1;
  const { decodeContextParallel, eplb } = deployment.serving;
  return {
    tensorParallel,
    pipelineParallel,
    expertParallel,
    expertReplicas,
    sequenceParallel,
    decodeContextParallel,
    ...(model.experts ? { expertSkew: deployment.workload.expertSkew } : {}),
    ...(model.experts && eplb.enabled && expertParallel > 1 ? { expertBalancing: eplb } : {}),
  };
}
