import type { SimulationInput } from "../types";
import type { ReplicaLimits } from "./replica-context";
import { BLOCK_TOKENS, type RequestTable } from "./request-table";

/** A run that needs this many times the steps of serving one token at a time is not making progress. */
const STEP_SLACK = 64;

function maxSteps(requests: RequestTable, tokenBudget: number): number {
  let steps = 1000;
  for (let i = 0; i < requests.count; i++)
    steps += (requests.outputTokens[i] ?? 0) + Math.ceil((requests.promptTokens[i] ?? 0) / tokenBudget);
  return steps * STEP_SLACK;
}

/** Scheduler limits of one replica; with pipeline parallelism one batch per stage is in flight. */
export function replicaLimits(input: SimulationInput, requests: RequestTable): ReplicaLimits {
  const { scheduler, engine, latency } = input;
  // vLLM refuses to start with fewer batched tokens than sequences; the smaller one is what it would take.
  const tokenBudget = scheduler.maxNumBatchedTokens;
  return {
    maxSequences: Math.min(scheduler.maxNumSeqs, tokenBudget),
    tokenBudget,
    blocks: Math.floor(scheduler.kvCacheTokens / BLOCK_TOKENS),
    watermarkBlocks: 0,
    batchesInFlight: latency.stages > 1 ? latency.stages : engine.batchesInFlight,
    reservesOutput: engine.reservesOutput,
    maxSteps: maxSteps(requests, tokenBudget),
  };
}
