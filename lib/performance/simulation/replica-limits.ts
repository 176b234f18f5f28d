import type { SimulationInput } from "../types";
import { AcceptedDrafts } from "./accepted-drafts";
import type { ReplicaLimits } from "./replica-context";
import { BLOCK_TOKENS, type RequestTable } from "./request-table";
import { type SchedulerRules, schedulerRules } from "./scheduler-rules";

/** A run that needs this many times the steps of serving one token at a time is not making progress. */
const STEP_SLACK = 64;

function maxSteps(requests: RequestTable, tokenBudget: number): number {
  let steps = 1000;
  for (let i = 0; i < requests.count; i++)
    steps += requests.outputTokens[i] + Math.ceil(requests.promptTokens[i] / tokenBudget);
  return steps * STEP_SLACK;
}

/** Batches composed before the first of them has ended: one for each stage of a pipeline, and since model runner V2 one more. */
function batchesInFlight({ latency, engine }: SimulationInput, rules: SchedulerRules): number {
  if (latency.stages === 1) return engine.batchesInFlight;
  const isAsynchronous = engine.batchesInFlight > 1;
  return latency.stages + (isAsynchronous && rules.pipelinesOneAhead ? 1 : 0);
}

function largest(values: Int32Array): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** Scheduler limits of one replica. */
export function replicaLimits(input: SimulationInput, requests: RequestTable): ReplicaLimits {
  const { scheduler, engine } = input;
  const rules = schedulerRules(engine);
  // vLLM refuses to start with fewer batched tokens than sequences; the smaller one is what it would take.
  const tokenBudget = scheduler.maxNumBatchedTokens;
  const blocks = Math.floor(scheduler.kvCacheTokens / BLOCK_TOKENS);
  const { speculation } = input.latency;
  return {
    maxSequences: Math.min(scheduler.maxNumSeqs, tokenBudget),
    tokenBudget,
    blocks,
    watermarkBlocks: Math.floor((scheduler.watermark ?? 0) * blocks),
    prefillInterval: scheduler.prefillInterval ?? 1,
    batchesInFlight: batchesInFlight(input, rules),
    reservesOutput: engine.reservesOutput,
    rules,
    ...(speculation
      ? {
          drafts: {
            tokens: speculation.draftTokens,
            accepted: new AcceptedDrafts(speculation, input.traffic.seed),
          },
        }
      : {}),
    prefixCaching: scheduler.prefixCaching ?? true,
    sharedBlocks: largest(requests.cachedTokens) / BLOCK_TOKENS,
    longestOutput: largest(requests.outputTokens),
    endsByToken: input.traffic.endsByToken ?? false,
    maxSteps: maxSteps(requests, tokenBudget),
  };
}
