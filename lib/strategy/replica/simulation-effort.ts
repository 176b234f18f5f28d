import { meanTokens, medianTokens } from "../../config";
import { type LatencyModel, type StepShape, tokensPerStep } from "../../performance";
import type { Situation } from "../situation";
import type { Replica } from "./replica";

/** How much simulating a question is worth, in scheduler steps times stages: a million take about a third of a second. */
export const EFFORT = {
  /** Whether a strategy may sustain a rate at all: short runs err on the side of calling it sustainable. */
  challenge: 3_000,
  /** One trial on the way to the best setting: which of two is better shows early. */
  climb: 8_000,
  /** A candidate at the requested rate: coarse enough to rank it and to say by how much it loses. */
  glance: 12_000,
  /**
   * One run that a candidate's highest rate comes from. Shorter ones call rates sustainable that a longer look does not: by up
   * to a sixth with 3,000 steps, by some per cent with 20,000.
   */
  candidate: 32_000,
  /** The plan itself: the run that a verdict hangs on. */
  plan: 100_000,
  /** The plan's run at a rate far below what it sustains, where few sequences share a step. */
  light: 300_000,
} as const;

export type Effort = (typeof EFFORT)[keyof typeof EFFORT];

/** Fewest requests of a run at the requested rate, which shows a tail, and of a trial, which only has to tell a side. */
const FEWEST = { run: 200, trial: 64 } as const;
/** More requests than this tell a trial nothing new. */
const MOST_OF_TRIAL = 20_000;

/** Mean tokens that a step brings to a sequence: 1, or as many drafts more as are accepted. */
export const tokensOfStep = ({ speculation }: LatencyModel): number =>
  speculation ? tokensPerStep(speculation) : 1;

/** Tokens of a step that a decoding sequence takes: its own, and its drafts. */
export const tokensTaken = ({ speculation }: LatencyModel): number => 1 + (speculation?.draftTokens ?? 0);

/**
 * Sequences that decode at once on a replica at a rate over all replicas, by Little's law: arrivals per second times
 * output tokens times the step time, which itself grows with them. A few rounds settle it; capped at max_num_seqs.
 */
export function expectedDecodes(situation: Situation, replica: Replica, requestRate: number): number {
  const { promptTokens, outputTokens } = situation.deployment.workload;
  const contextTokens = meanTokens(promptTokens) + meanTokens(outputTokens) / 2;
  const tokensPerMs = (requestRate / replica.strategy.dataParallel) * (meanTokens(outputTokens) / 1000);
  const perStep = tokensOfStep(replica.latency);
  let sequences = 1;
  for (let round = 0; round < 6; round++) {
    const stepMs = decodeStepMs(replica.latency, sequences, contextTokens);
    const wanted = Math.ceil((tokensPerMs * stepMs) / perStep);
    sequences = Math.min(replica.serving.maxNumSeqs, Math.max(1, wanted));
  }
  return sequences;
}

interface TimedStep {
  readonly step: StepShape;
  readonly ms: number;
}

/** Asked so far, by tokens: each trial of a setting is sized by the same few steps. */
const asked = new WeakMap<LatencyModel, Map<number, TimedStep[]>>();

const isSameStep = (a: StepShape, b: StepShape): boolean =>
  a.decodeSequences === b.decodeSequences &&
  a.decodeContextTokens === b.decodeContextTokens &&
  a.prefillAttentionMs === b.prefillAttentionMs &&
  a.sampledSequences === b.sampledSequences;

/** Time of a step through all stages, in ms. */
function passMs(latency: LatencyModel, step: StepShape): number {
  const ofModel = asked.get(latency) ?? new Map<number, TimedStep[]>();
  asked.set(latency, ofModel);
  const ofTokens = ofModel.get(step.tokens) ?? [];
  ofModel.set(step.tokens, ofTokens);
  const known = ofTokens.find((each) => isSameStep(each.step, step));
  if (known !== undefined) return known.ms;
  const ms = latency.breakdown(step).totalMs;
  ofTokens.push({ step, ms });
  return ms;
}

/** Time of one pass of a decode batch through all stages, in ms. */
export function decodeStepMs(latency: LatencyModel, sequences: number, contextTokens: number): number {
  return passMs(latency, {
    tokens: sequences,
    decodeSequences: sequences,
    decodeContextTokens: sequences * contextTokens,
    prefillAttentionMs: 0,
    sampledSequences: sequences,
  });
}

/** Time of a step that fills the budget: the running decodes, and prompt tokens for the rest. In ms. */
export function fullStepMs(
  latency: LatencyModel,
  decode: { readonly sequences: number; readonly contextTokens: number },
  budget: number,
): number {
  const decodeSequences = Math.min(decode.sequences, Math.floor(budget / tokensTaken(latency)));
  const prompt = budget - tokensTaken(latency) * decodeSequences;
  return passMs(latency, {
    tokens: decodeSequences + prompt,
    decodeSequences,
    decodeContextTokens: decodeSequences * decode.contextTokens,
    prefillAttentionMs: prompt > 0 ? latency.prefillAttentionMs(0, prompt) : 0,
    sampledSequences: decodeSequences + 1,
  });
}

/** Scheduler steps times stages that serving one request at a rate takes: many sequences a step make it cheap, stages dear. */
export function stepsPerRequest(situation: Situation, replica: Replica, requestRate: number): number {
  const { promptTokens, outputTokens } = situation.deployment.workload;
  const { pipelineParallel } = replica.strategy;
  const batch = Math.max(1, expectedDecodes(situation, replica, requestRate) / pipelineParallel);
  const chunks = Math.ceil(meanTokens(promptTokens) / replica.serving.maxNumBatchedTokens);
  const steps = meanTokens(outputTokens) / tokensOfStep(replica.latency);
  return (steps / batch + chunks) * pipelineParallel;
}

/** Requests that simulating a rate over all replicas is worth. */
export function trialRequests(situation: Situation, replica: Replica, rate: number, effort: Effort): number {
  const affordable = Math.round(effort / stepsPerRequest(situation, replica, rate));
  return Math.min(MOST_OF_TRIAL, Math.max(FEWEST.trial, affordable));
}

/**
 * Requests of a run that a verdict hangs on: at least what the config says, more where they are cheap. They follow from
 * the serving parameters alone (`rate` is what those can serve), so that a plan and the same plan asked for another rate
 * are answered by the same random numbers.
 */
export function verdictRequests(situation: Situation, replica: Replica, rate: number): number {
  const affordable = Math.round(EFFORT.plan / stepsPerRequest(situation, replica, rate));
  const { simulatedRequests } = situation.deployment.workload;
  const cheap = Math.max(FEWEST.run, affordable);
  return Math.max(cheap, Math.min(simulatedRequests, 20 * cheap));
}

/** As many of `requests` as are worth their steps at a rate far below what a replica sustains, but enough to show a tail. */
export function lightRequests(
  situation: Situation,
  replica: Replica,
  rate: number,
  requests: number,
): number {
  const affordable = Math.round(EFFORT.light / stepsPerRequest(situation, replica, rate));
  return Math.min(requests, Math.max(situation.deployment.workload.simulatedRequests, affordable));
}

/** A strategy too slow for the targets even with one request alone: no rate and no setting helps. */
export function isTooSlowAlone({ deployment }: Situation, latency: LatencyModel): boolean {
  const { slo, workload } = deployment;
  const prompt = Math.max(1, Math.round(medianTokens(workload.promptTokens) - workload.cachedPrefixTokens));
  const prefillMs = passMs(latency, {
    tokens: prompt,
    decodeSequences: 0,
    decodeContextTokens: 0,
    prefillAttentionMs: latency.prefillAttentionMs(workload.cachedPrefixTokens, prompt),
    sampledSequences: 1,
  });
  const decodeMs = decodeStepMs(latency, 1, meanTokens(workload.promptTokens));
  return prefillMs > slo.prefill.p50Ms || decodeMs > slo.decode.p50Ms;
}
