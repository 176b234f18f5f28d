import type { Strategy } from "../types";

/** Parts that a strategy adds to plain tensor parallelism in one replica: each is one more thing that can break. */
export function complexity({
  pipelineParallel,
  expertParallel,
  sequenceParallel,
  dataParallel,
}: Strategy): number {
  const used = [sequenceParallel > 1, expertParallel > 1, pipelineParallel > 1, dataParallel > 1];
  return used.reduce((sum, on, weight) => sum + (on ? 8 / 2 ** weight : 0), 0);
}
