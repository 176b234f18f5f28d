import type { LatencyModel } from "../performance";
import { fitMemory } from "./fit-memory";
import { meanTokens } from "./mean-tokens";
import { expectedDecodes } from "./simulation-effort";
import type { Situation } from "./situation";
import type { ServingParameters, Strategy } from "./types";

/** Token budgets worth trying: powers of two and the steps half way between, largest first. */
const BUDGETS = [16_384, 12_288, 8192, 6144, 4096, 3072, 2048, 1536, 1024, 768, 512, 384, 256, 192, 128];

/**
 * Share of the decode target that a full step may take. The rest is for what the step model does not know; published
 * gaps scatter around the computed ones by up to a fifth.
 */
const FULL_STEP_SHARE = 0.8;

/** Most sequences at which the KV cache still holds one of the longest: fewer sequences need less sampler memory. */
function sequencesThatFit(situation: Situation, strategy: Strategy, serving: ServingParameters): number {
  let sequences = serving.maxNumSeqs;
  while (
    sequences > 8 &&
    fitMemory(situation, strategy, { ...serving, maxNumSeqs: sequences }).kvCacheTokens < serving.maxModelLen
  ) {
    sequences = Math.floor(sequences / 2);
  }
  return sequences;
}

/** The envelope's upper bounds, or the pinned values. */
export function servingBounds({ deployment }: Situation): ServingParameters {
  const { serving, envelope } = deployment;
  return {
    maxNumSeqs: serving.maxNumSeqs === "auto" ? envelope.maxNumSeqs : serving.maxNumSeqs,
    maxNumBatchedTokens:
      serving.maxNumBatchedTokens === "auto" ? envelope.maxNumBatchedTokens : serving.maxNumBatchedTokens,
    maxModelLen: envelope.maxModelLen,
    gpuMemoryUtilization: serving.gpuMemoryUtilization,
  };
}

/** Upper bounds, with fewer sequences where the memory asks for it and the config does not pin them. */
export function servingThatFits(situation: Situation, strategy: Strategy): ServingParameters {
  const bounds = servingBounds(situation);
  if (situation.deployment.serving.maxNumSeqs !== "auto") return bounds;
  return { ...bounds, maxNumSeqs: sequencesThatFit(situation, strategy, bounds) };
}

/** Token budgets that the config allows, largest first; just the pinned one where it is pinned. */
export function allowedBudgets({ deployment }: Situation, serving: ServingParameters): number[] {
  if (deployment.serving.maxNumBatchedTokens !== "auto") return [serving.maxNumBatchedTokens];
  const most = serving.maxNumBatchedTokens;
  const steps = BUDGETS.filter((budget) => budget < most && budget >= serving.maxNumSeqs);
  return [most, ...steps];
}

/** Time of a step that fills the budget: the running decodes, and prompt tokens for the rest. In ms. */
function fullStepMs(latency: LatencyModel, decodes: number, contextTokens: number, budget: number): number {
  const decodeSequences = Math.min(decodes, budget);
  const prompt = budget - decodeSequences;
  return latency.breakdown({
    tokens: budget,
    decodeSequences,
    decodeContextTokens: decodeSequences * contextTokens,
    prefillAttentionMs: prompt > 0 ? latency.prefillAttentionMs(0, prompt) : 0,
    sampledSequences: decodeSequences + 1,
  }).totalMs;
}

/**
 * The largest token budget whose full step stays within the decode p99 target, with room: then no prefill chunk can
 * delay a running sequence beyond the target. The smallest allowed one when none does. First guess; the simulation decides.
 */
export function guessBudget(
  situation: Situation,
  run: { strategy: Strategy; latency: LatencyModel; serving: ServingParameters },
): number {
  const budgets = allowedBudgets(situation, run.serving);
  const decodes = expectedDecodes(situation, run, situation.deployment.workload.requestRate);
  const context = meanTokens(situation.deployment.workload.promptTokens);
  const limitMs = FULL_STEP_SHARE * situation.deployment.slo.decode.p99Ms;
  const fits = budgets.find((budget) => fullStepMs(run.latency, decodes, context, budget) <= limitMs);
  return fits ?? Math.min(...budgets);
}
