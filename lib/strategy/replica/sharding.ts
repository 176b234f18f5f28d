import type { LatencyModelInput } from "../../performance";
import type { Situation } from "../situation";
import type { Strategy } from "../types";

/**
 * Whether the replicas are ranks of one engine that share experts: where those are spread over all of them, or one engine is
 * asked for. Others are servers of their own, behind a gateway that sends to the least loaded.
 */
export function stepsTogether(
  { model, deployment }: Pick<Situation, "model" | "deployment">,
  { dataParallel, expertParallel }: Pick<Strategy, "dataParallel" | "expertParallel">,
): boolean {
  return (
    model.experts !== undefined && dataParallel > 1 && (expertParallel > 1 || deployment.serving.oneEngine)
  );
}

/** How one replica's share of a model is cut: ranks of one engine share the experts of a mixture. */
export function shardingOf(
  situation: Pick<Situation, "model" | "deployment">,
  strategy: Strategy,
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
  const { model, deployment } = situation;
  const { tensorParallel, pipelineParallel, dataParallel, expertParallel, sequenceParallel } = strategy;
  const expertReplicas = stepsTogether(situation, strategy) ? dataParallel : 1;
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
