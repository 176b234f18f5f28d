import type { LatencyModelInput } from "../types";
import { expertRanksInNode, replicasInNode } from "./ranks-in-node";

type Degrees = Pick<LatencyModelInput, "tensorParallel" | "expertParallel" | "expertReplicas">;

/**
 * Replicas that share one set of experts, and so take every step together: the data-parallel ranks of a mixture of
 * experts in one engine.
 */
export function sharingReplicas({ tensorParallel, expertParallel, expertReplicas }: Degrees): number {
  return expertReplicas ?? Math.max(1, expertParallel / tensorParallel);
}

/** Ranks over which each expert is cut; 1 where whole experts are spread. */
export function expertTensorRanks(degrees: Degrees): number {
  return degrees.expertParallel > 1 ? 1 : degrees.tensorParallel * sharingReplicas(degrees);
}

/**
 * The ranks that gather each other's tokens before the experts and scatter the sums after them, as vLLM's default
 * (`allgather_reducescatter`) does (AgRsAll2AllManager in vllm/distributed/device_communicators/all2all.py of 0.33): with
 * whole experts all of them, each with its share of its replica's tokens; with cut ones the replicas, each with all its own.
 * 1 when one replica has the experts to itself.
 */
export function gatheringRanks(
  input: Degrees & Pick<LatencyModelInput, "pipelineParallel" | "gpusPerNode">,
): { readonly ranks: number; readonly inNode: number } {
  const replicas = sharingReplicas(input);
  if (replicas === 1) return { ranks: 1, inNode: 1 };
  if (input.expertParallel > 1) return { ranks: input.expertParallel, inNode: expertRanksInNode(input) };
  return { ranks: replicas, inNode: Math.min(replicas, replicasInNode(input)) };
}
