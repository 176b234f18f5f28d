import { meanTokens, medianTokens, ninthDecileTokens } from "../../config";
import type { ReplicaMemory } from "../../performance";
import type { Replica } from "../replica/replica";
import { saturatedRateByHand } from "../replica/saturated-rate";
import {
  decodeStepMs,
  expectedDecodes,
  fullStepMs,
  tokensOfStep,
  tokensTaken,
} from "../replica/simulation-effort";
import { missesAtAnyRate } from "../requirements/assess";
import { targetedLatencies } from "../requirements/targets";
import type { Situation } from "../situation";
import type { Prepared } from "./prepare-candidate";
import { questionOf } from "./serving-settings";

/** What a strategy cannot surpass with any of its serving parameters, by hand: nothing is simulated. */
export interface Bounds {
  /** Least mean time of a whole request at the requested rate, in ms; infinite when the decode target is missed by one alone. */
  readonly leastRequestMs: number;
  /** Highest rate within the requirements, requests per second over all replicas; 0 when one is missed at any rate. */
  readonly mostRate: number;
}

/**
 * Room for what the formulas leave out. Over 110 strategies of six models the least time was 0.28 to 0.98 of the simulated
 * one, and the highest rate 1.3 to 10 times the searched one. A first token alone takes as long as by hand; the median of a run
 * is off by more where lengths are spread.
 */
const ROOM = { ms: 0.95, spreadMs: 0.8, rate: 1.15 } as const;

/** Bounds of a strategy over all of its settings, each computed when it is asked for. */
export function boundsOf(situation: Situation, { fitting }: Pick<Prepared, "fitting">): Bounds {
  let leastRequestMs: number | undefined;
  let mostRate: number | undefined;
  return {
    get leastRequestMs() {
      leastRequestMs ??= leastOf(situation, fitting.flat());
      return leastRequestMs;
    },
    get mostRate() {
      mostRate ??= mostOf(situation, fitting.flat());
      return mostRate;
    },
  };
}

function leastOf(situation: Situation, replicas: readonly Replica[]): number {
  const able = replicas.filter((replica) => mostSequences(situation, replica) > 0);
  return ROOM.ms * Math.min(...able.map((replica) => requestMs(situation, replica)));
}

const mostOf = (situation: Situation, replicas: readonly Replica[]): number =>
  ROOM.rate *
  Math.max(
    0,
    ...replicas.map((replica) => replica.strategy.dataParallel * mostRateOfOne(situation, replica)),
  );

/** Known so far, by the memory of a setting and what was asked: replicas on other machines have the very same memory. */
const mostRates = new WeakMap<ReplicaMemory, Map<string, number>>();

/** The highest rate of one replica within the requirements, by hand; 0 when its first token, its decode or its memory misses one at any rate. */
function mostRateOfOne(situation: Situation, replica: Replica): number {
  const ofMemory = mostRates.get(replica.memory) ?? new Map<string, number>();
  mostRates.set(replica.memory, ofMemory);
  const key = questionOf(situation.deployment);
  const rate = ofMemory.get(key) ?? computeMostRate(situation, replica);
  ofMemory.set(key, rate);
  return rate;
}

function computeMostRate(situation: Situation, replica: Replica): number {
  const sequences = mostSequences(situation, replica);
  if (sequences === 0 || readsTooSlowly(situation, replica) || missesAtAnyRate(situation, replica)) return 0;
  const serving = { ...replica.serving, maxNumSeqs: sequences };
  const strategy = { ...replica.strategy, dataParallel: 1 };
  return saturatedRateByHand(situation, { ...replica, serving, strategy });
}

/** Least median time to a first token, in ms: the median prompt is read while nothing else runs. */
export const leastFirstTokenMs = (situation: Situation, replica: Replica): number =>
  leastReadMs(situation, replica, medianTokens(situation.deployment.workload.promptTokens));

/**
 * Least p99 of the time to a first token, in ms: a prompt as long as the ninth decile is read while nothing else runs. A run of
 * a verdict counts 22 requests or more; their p99 is the longest or nearly so, and all of n are below the decile once in
 * 1 / 0.9^n runs, once in ten of 22. The verdict is on the mean of four runs, and the room is a fifth.
 */
export const leastFirstTokenTailMs = (situation: Situation, replica: Replica): number =>
  leastReadMs(situation, replica, ninthDecileTokens(situation.deployment.workload.promptTokens));

/** Least time in ms to read a prompt of so many tokens, cached ones included. */
function leastReadMs({ deployment }: Situation, { latency, serving }: Replica, tokens: number): number {
  const { promptTokens, cachedPrefixTokens } = deployment.workload;
  const prompt = Math.max(1, Math.round(tokens - cachedPrefixTokens));
  const chunk = Math.min(serving.maxNumBatchedTokens, prompt);
  const stepMs = fullStepMs(latency, { sequences: 0, contextTokens: 0 }, chunk);
  const room = promptTokens.kind === "fixed" ? ROOM.ms : ROOM.spreadMs;
  // A stage reads the next chunk while the later ones have this.
  return room * stepMs * (1 + (prompt / chunk - 1) / latency.stages);
}

/** Whether a prompt alone misses a target of prefill or first token. */
function readsTooSlowly(situation: Situation, replica: Replica): boolean {
  const { slo } = situation.deployment;
  const leastMs = leastFirstTokenMs(situation, replica);
  return targetsOfReading(situation).some((name) => leastMs > Math.min(slo[name].p50Ms, slo[name].p99Ms));
}

/** Whether long prompts alone miss a p99 target of prefill or first token. */
export function readsLongTooSlowly(situation: Situation, replica: Replica): boolean {
  const { slo } = situation.deployment;
  const leastMs = leastFirstTokenTailMs(situation, replica);
  return targetsOfReading(situation).some((name) => leastMs > slo[name].p99Ms);
}

const targetsOfReading = (situation: Situation) =>
  targetedLatencies(situation).filter((name) => name !== "decode");

/** Time between two tokens of a sequence while `sequences` decode on a replica and no prompt is read, in ms. */
function gapMs({ deployment }: Situation, { latency }: Replica, sequences: number): number {
  const { promptTokens, outputTokens } = deployment.workload;
  const contextTokens = meanTokens(promptTokens) + meanTokens(outputTokens) / 2;
  // The stages of a pipeline work on different sequences.
  const batch = Math.max(1, Math.floor(sequences / latency.stages));
  return decodeStepMs(latency, batch, contextTokens) / tokensOfStep(latency);
}

/** Most sequences that may decode at once within the envelope and the decode p50 target; 0 when one alone misses that. */
function mostSequences(situation: Situation, replica: Replica): number {
  const { envelope, slo } = situation.deployment;
  const holds = (sequences: number) => gapMs(situation, replica, sequences) <= slo.decode.p50Ms;
  const most = Math.min(replica.serving.maxNumSeqs, envelope.maxBatchSize);
  if (holds(most)) return most;
  let low = 0;
  let high = most;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** A mean request beside those that decode with it by Little's law: its prompt read alone, its gaps stretched by other prompts. */
function requestMs(situation: Situation, replica: Replica): number {
  const { latency, serving, strategy } = replica;
  const { workload } = situation.deployment;
  const budget = serving.maxNumBatchedTokens;
  const prompt = Math.max(1, Math.round(meanTokens(workload.promptTokens) - workload.cachedPrefixTokens));
  const chunk = Math.min(budget, prompt);
  const alone = { sequences: 0, contextTokens: 0 };
  const firstMs = (fullStepMs(latency, alone, chunk) * prompt) / chunk;
  const sequences = expectedDecodes(situation, replica, workload.requestRate);
  const perStage = Math.max(1, Math.floor(sequences / latency.stages));
  const decodes = Math.min(perStage, Math.floor(budget / 2 / tokensTaken(latency)));
  const contextTokens = meanTokens(workload.promptTokens) + meanTokens(workload.outputTokens) / 2;
  const readMs =
    (fullStepMs(latency, { sequences: decodes, contextTokens }, budget) -
      decodeStepMs(latency, Math.max(1, decodes), contextTokens)) /
    Math.max(1, budget - decodes * tokensTaken(latency));
  const requestsPerMs = workload.requestRate / strategy.dataParallel / 1000;
  const reading = Math.min(MOST_READING, (requestsPerMs * prompt * Math.max(0, readMs)) / latency.stages);
  const gaps = meanTokens(workload.outputTokens) - 1;
  return firstMs + (gaps * gapMs(situation, replica, sequences)) / (1 - reading);
}

/** Share of time spent on prompts beyond which a formula says nothing. */
const MOST_READING = 0.9;
