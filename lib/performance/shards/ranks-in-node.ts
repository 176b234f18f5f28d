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

/**
 * Ranks of an expert-parallel group (the same stage of all replicas) that share a node: as many replicas as a node holds
 * bring their tensor-parallel ranks, for vLLM places each replica's stages together (vllm/distributed/parallel_state.py).
 */
export function expertRanksInNode(input: Places & Pick<LatencyModelInput, "expertParallel">): number {
  const { tensorParallel, pipelineParallel, expertParallel, gpusPerNode } = input;
  if (expertParallel <= tensorParallel) return tensorRanksInNode(input);
  const replicasInNode = Math.floor(gpusPerNode / (tensorParallel * pipelineParallel));
  const ranks = Math.max(1, replicasInNode) * tensorRanksInNode(input);
  return Math.min(expertParallel, ranks);
}
