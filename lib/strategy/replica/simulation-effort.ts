import type { LatencyModel } from "../../performance";
import { meanTokens } from "../figures/mean-tokens";
import type { Situation } from "../situation";
import type { ServingParameters, Strategy } from "../types";

/** How much simulating a question is worth, in scheduler steps times stages: a million take about a second. */
export interface Effort {
  /** The run at the requested rate. */
  readonly run: number;
  /** One trial of a search over rates or budgets. */
  readonly trial: number;
  /** Halvings of the interval that holds the sustainable rate. */
  readonly halvings: number;
}

/** Shorter trials call rates sustainable that a longer look does not: by up to a sixth with 3000 steps, by some per cent with 40 000. */
const SEARCH = { trial: 40_000, halvings: 5 } as const;

/** Every candidate: latencies coarse enough to rank it and to say by how much it loses, rates as in a plan of its own. */
export const candidateEffort: Effort = { run: 15_000, ...SEARCH };

/** The plan itself and what it is held against: as many requests as the config says, unless that would take seconds. */
export const planEffort: Effort = { run: 500_000, ...SEARCH };

/** Fewest requests of a run at the requested rate, which shows a tail, and of a trial, which only has to tell a side. */
const FEWEST = { run: 100, trial: 50 } as const;

interface Runner {
  readonly strategy: Strategy;
  readonly latency: LatencyModel;
  readonly serving: ServingParameters;
}

/**
 * Sequences that decode at once on a replica at a rate over all replicas, by Little's law: arrivals per second times
 * output tokens times the step time, which itself grows with them. A few rounds settle it; capped at max_num_seqs.
 */
export function expectedDecodes(situation: Situation, run: Runner, requestRate: number): number {
  const { promptTokens, outputTokens } = situation.deployment.workload;
  const contextTokens = meanTokens(promptTokens) + meanTokens(outputTokens) / 2;
  const tokensPerMs = (requestRate / run.strategy.dataParallel) * (meanTokens(outputTokens) / 1000);
  let sequences = 1;
  for (let round = 0; round < 6; round++) {
    const stepMs = decodeStepMs(run.latency, sequences, contextTokens);
    sequences = Math.min(run.serving.maxNumSeqs, Math.max(1, Math.ceil(tokensPerMs * stepMs)));
  }
  return sequences;
}

/** Time of one pass of a decode batch through all stages, in ms. */
export function decodeStepMs(latency: LatencyModel, sequences: number, contextTokens: number): number {
  return latency.breakdown({
    tokens: sequences,
    decodeSequences: sequences,
    decodeContextTokens: sequences * contextTokens,
    prefillAttentionMs: 0,
    sampledSequences: sequences,
  }).totalMs;
}

/** Time of a step that fills the budget: the running decodes, and prompt tokens for the rest. In ms. */
export function fullStepMs(
  latency: LatencyModel,
  decode: { readonly sequences: number; readonly contextTokens: number },
  budget: number,
): number {
  const decodeSequences = Math.min(decode.sequences, budget);
  const prompt = budget - decodeSequences;
  return latency.breakdown({
    tokens: budget,
    decodeSequences,
    decodeContextTokens: decodeSequences * decode.contextTokens,
    prefillAttentionMs: prompt > 0 ? latency.prefillAttentionMs(0, prompt) : 0,
    sampledSequences: decodeSequences + 1,
  }).totalMs;
}

/** Scheduler steps times stages that serving one request at a rate takes: many sequences a step make it cheap, stages dear. */
export function stepsPerRequest(situation: Situation, run: Runner, requestRate: number): number {
  const { promptTokens, outputTokens } = situation.deployment.workload;
  const { pipelineParallel } = run.strategy;
  const batch = Math.max(1, expectedDecodes(situation, run, requestRate) / pipelineParallel);
  const chunks = Math.ceil(meanTokens(promptTokens) / run.serving.maxNumBatchedTokens);
  return (meanTokens(outputTokens) / batch + chunks) * pipelineParallel;
}

/** Requests to simulate so that a run or a trial costs about what it is worth; at most what the config says. */
export function requestsWorth(
  situation: Situation,
  run: Runner,
  question: { readonly rate: number; readonly kind: "run" | "trial"; readonly effort: Effort },
): number {
  const { rate, kind, effort } = question;
  const affordable = Math.round(effort[kind] / stepsPerRequest(situation, run, rate));
  return Math.min(situation.deployment.workload.simulatedRequests, Math.max(FEWEST[kind], affordable));
}

/** A strategy too slow for the targets even with one request alone: no rate and no setting helps. */
export function isTooSlowAlone({ deployment }: Situation, latency: LatencyModel): boolean {
  const { slo, workload } = deployment;
  const prompt = Math.max(1, Math.round(medianTokens(workload.promptTokens) - workload.cachedPrefixTokens));
  const prefill = latency.breakdown({
    tokens: prompt,
    decodeSequences: 0,
    decodeContextTokens: 0,
    prefillAttentionMs: latency.prefillAttentionMs(workload.cachedPrefixTokens, prompt),
    sampledSequences: 1,
  });
  const decodeMs = decodeStepMs(latency, 1, meanTokens(workload.promptTokens));
  return prefill.totalMs > slo.prefill.p50Ms || decodeMs > slo.decode.p50Ms;
}

/** Median of a length distribution in tokens. */
function medianTokens(lengths: Situation["deployment"]["workload"]["promptTokens"]): number {
  if (lengths.kind === "lognormal") return lengths.median;
  if (lengths.kind !== "empirical") return meanTokens(lengths);
  return lengths.quantiles[Math.floor(lengths.quantiles.length / 2)] ?? meanTokens(lengths);
}
