import type { LatencyModelInput } from "../types";

type Places = Pick<LatencyModelInput, "tensorParallel" | "pipelineParallel" | "gpusPerNode">;

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/**
 * Ranks of a tensor-parallel group that share a node. Ranks fill nodes in order; a replica that fits one node has its
 * groups within it, the groups of one that does not may straddle two: then the least that is sure to lie together.
 */
export function tensorRanksInNode({ tensorParallel, pipelineParallel, gpusPerNode }: Places): number {
  if (tensorParallel * pipelineParallel <= gpusPerNode) return tensorParallel;
  return greatestDivisor(gpusPerNode, tensorParallel);
}

/** Whole replicas in a node, at least one: vLLM places each replica's stages together (vllm/distributed/parallel_state.py). */
export function replicasInNode({ tensorParallel, pipelineParallel, gpusPerNode }: Places): number {
  return Math.max(1, Math.floor(gpusPerNode / (tensorParallel * pipelineParallel)));
}

/**
 * Ranks of an expert-parallel group (the same stage of all replicas) that share a node: as many replicas as a node holds
 * bring their tensor-parallel ranks.
 */
export function expertRanksInNode(input: Places & Pick<LatencyModelInput, "expertParallel">): number {
  const { tensorParallel, expertParallel } = input;
  if (expertParallel <= tensorParallel) return tensorRanksInNode(input);
  return Math.min(expertParallel, replicasInNode(input) * tensorRanksInNode(input));
}
