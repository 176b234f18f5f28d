import { meanTokens } from "../../config";
import { decodeTailHigh } from "../replica/band-latency";
import { observe } from "../replica/observe";
import type { Replica } from "../replica/replica";
import { runSimulation, serviceTraffic } from "../replica/run-simulation";
import { SEARCH_SEED, saturatedRate, saturatedRateByHand } from "../replica/saturated-rate";
import {
  EFFORT,
  expectedDecodes,
  fullStepMs,
  isTooSlowAlone,
  stepsPerRequest,
  trialRequests,
} from "../replica/simulation-effort";
import { loadedRequirements, missesAtAnyRate, tightest } from "../requirements/assess";
import { isRateDriven } from "../requirements/service-requirements";
import type { Situation } from "../situation";
import type { Chunk } from "../types";
import {
  CLOSE,
  noRate,
  type SustainedRate,
  sustainedRate,
  tryRate,
  utilizationCeiling,
} from "./sustained-rate";

/** A setting with the rates that it serves. */
export interface Rated {
  readonly replica: Replica;
  /** Requests per second over all replicas. */
  readonly saturated: number;
  readonly sustained: SustainedRate;
}

/** Settings beyond the best that are tried in each direction before the search ends. */
export const LOOK_AHEAD = 2;
/** Where nothing passes yet, a setting has to pass at this share of its capacity to be looked at further. */
const LEAST_SHARE = 0.1;
/** A saturated rate by hand may be this much too low. */
const BY_HAND = 1.1;
/** Below this many times the rate to beat, the capacity by hand of a setting says that its capacity may be what ends it. */
const NEAR_CAPACITY = 1.15;
/** A rate has to be this much higher to be better. */
const BETTER = 1.005;

/**
 * Position of the largest token budget whose full step at the setting's own capacity stays within the decode p99 target:
 * then no prefill chunk delays a running sequence beyond the target. The last one when none does.
 */
export function guess(situation: Situation, replicas: readonly Replica[]): number {
  const { workload, slo } = situation.deployment;
  const contextTokens = meanTokens(workload.promptTokens);
  const at = replicas.findIndex((replica) => {
    const rate = utilizationCeiling(situation, saturatedRateByHand(situation, replica));
    // The stages of a pipeline work on different sequences.
    const sequences = Math.ceil(expectedDecodes(situation, replica, rate) / replica.latency.stages);
    const budget = replica.serving.maxNumBatchedTokens;
    return fullStepMs(replica.latency, { sequences, contextTokens }, budget) <= slo.decode.p99Ms;
  });
  return at === -1 ? replicas.length - 1 : at;
}

/** A pipeline so deep that trials cost many times what they are worth: the guess has to do. */
export function isCostlyToSimulate(situation: Situation, replica: Replica): boolean {
  return 100 * stepsPerRequest(situation, replica, Number.MAX_SAFE_INTEGER) > 5 * EFFORT.climb;
}

/** How far a setting's saturated rate by hand is off its simulated one, where that is known of another one of the strategy. */
function correction(situation: Situation, { replica, saturated }: Rated): number {
  return saturated / saturatedRateByHand(situation, replica);
}

/**
 * The setting with its rates; nothing when it cannot beat `best`, which most settings show in one run: at a rate just
 * above, or, where `best` is near its capacity, at saturation.
 */
function rate(situation: Situation, replica: Replica, best: Rated): Rated | undefined {
  const byHand = utilizationCeiling(situation, saturatedRateByHand(situation, replica));
  const { rate: known } = best.sustained;
  if (BY_HAND * byHand <= known || missesAtAnyRate(situation, replica)) return undefined;
  const effort = EFFORT.climb;
  const failsAt = (wanted: number, saturated: number): boolean =>
    tryRate(situation, replica, { rate: wanted, saturated, effort }).value > 1;
  const isNearCapacity = known === 0 || correction(situation, best) * byHand < NEAR_CAPACITY * known;
  if (!isNearCapacity && failsAt(BETTER * known, Number.POSITIVE_INFINITY)) return undefined;
  const saturated = saturatedRate(situation, replica);
  const ceiling = utilizationCeiling(situation, saturated);
  const wanted = known > 0 ? BETTER * known : LEAST_SHARE * ceiling;
  if (ceiling <= wanted) return undefined;
  if (isNearCapacity && failsAt(wanted, saturated)) return undefined;
  const range = { holds: wanted, close: CLOSE.coarse, ...(known > 0 ? { near: wanted } : {}) };
  return {
    replica,
    saturated,
    sustained: sustainedRate(situation, replica, { saturated, effort, ...range }),
  };
}

/** Climbs from a setting to its neighbours while the rate rises, looking past `LOOK_AHEAD` that are no better. */
function climb(
  situation: Situation,
  replicas: readonly Replica[],
  { from }: { readonly from: Rated },
): Rated {
  let best = from;
  const start = replicas.indexOf(from.replica);
  for (const direction of [-1, 1]) {
    let missed = 0;
    for (let at = start + direction; missed < LOOK_AHEAD; at += direction) {
      const replica = replicas[at];
      if (replica === undefined) break;
      const better = rate(situation, replica, best);
      if (better === undefined) missed++;
      else [best, missed] = [better, 0];
    }
    // What lies on the other side of a summit is lower.
    if (best !== from) break;
  }
  return best;
}

/**
 * The serving parameters with the highest rate within every requirement, over all settings that fit (see
 * servingSettings; not empty). Nothing here depends on the rate that is asked for.
 */
export function highestRate(situation: Situation, fitting: readonly (readonly Replica[])[]): Rated {
  let best: Rated | undefined;
  for (const replicas of fitting) {
    const first = replicas[guess(situation, replicas)];
    if (first === undefined) continue;
    if (best === undefined) {
      const saturated = saturatedRate(situation, first);
      const search = { saturated, effort: EFFORT.climb, close: CLOSE.coarse };
      const sustained = (missesAtAnyRate(situation, first) ? noRate : sustainedRate)(
        situation,
        first,
        search,
      );
      const from = { replica: first, saturated, sustained };
      best = isCostlyToSimulate(situation, first) ? from : climb(situation, replicas, { from });
      continue;
    }
    // Fewer sequences only help where too many run at once.
    if (!["max-batch", "decode-p50", "decode-p99", "memory-fraction"].includes(best.sustained.endsBy)) break;
    const same = replicas.find(
      ({ serving }) => serving.maxNumBatchedTokens === best?.replica.serving.maxNumBatchedTokens,
    );
    const fewer = rate(situation, same ?? first, best);
    if (fewer !== undefined) best = climb(situation, replicas, { from: fewer });
  }
  if (best === undefined) throw new Error("no setting to rate");
  return lookedAtLonger(situation, best);
}

/** The same setting with its rate from longer runs. */
function lookedAtLonger(situation: Situation, { replica, saturated, sustained }: Rated): Rated {
  if (sustained.rate === 0) return { replica, saturated, sustained };
  const range = { near: sustained.rate, close: CLOSE.coarse, effort: EFFORT.candidate };
  return { replica, saturated, sustained: sustainedRate(situation, replica, { saturated, ...range }) };
}

/** Mean time of a whole request in ms: what objective latency minimises. */
export function meanRequestMs(
  { deployment }: Situation,
  steady: {
    readonly firstToken: { readonly meanMs: number };
    readonly timePerOutputToken: { readonly meanMs: number };
  },
): number {
  const gaps = meanTokens(deployment.workload.outputTokens) - 1;
  return steady.firstToken.meanMs + (gaps > 0 ? gaps * steady.timePerOutputToken.meanMs : 0);
}

/** How good a setting is at the requested rate. */
export interface Score {
  /** Smaller is better. */
  readonly rank: number;
  /** Mean time of a whole request; offline the time per request. */
  readonly ms: number;
  readonly passes: boolean;
  /** How close it is to its tightest requirement; infinite for a growing queue. */
  readonly pressure: number;
}

const UNSTABLE: Score = {
  rank: Number.POSITIVE_INFINITY,
  ms: Number.POSITIVE_INFINITY,
  passes: false,
  pressure: Number.POSITIVE_INFINITY,
};

/** A saturated rate by hand may be this much too high, more with a pipeline, whose bubbles it leaves out. */
const BY_HAND_HIGH = { single: 1.1, pipeline: 1.3 } as const;

/** The saturated rate of a setting; the one by hand where that leaves no doubt that it uses `rate` with room to spare. */
function capacityBeyond(situation: Situation, replica: Replica, rate: number): number {
  if (!isRateDriven(situation)) return rate;
  const high = replica.latency.stages > 1 ? BY_HAND_HIGH.pipeline : BY_HAND_HIGH.single;
  const least = saturatedRateByHand(situation, replica) / high;
  return rate <= utilizationCeiling(situation, least) ? least : saturatedRate(situation, replica);
}

/**
 * Score of a setting at the requested rate, smaller is better: the mean request (offline: the time per request), with
 * settings last that miss a requirement, and before them those that hold the decode p99 target only below the upper edge
 * of its error band.
 */
export function score(situation: Situation, replica: Replica): Score {
  const own = scored.get(replica) ?? simulateScore(situation, replica);
  scored.set(replica, own);
  return own;
}

/** Settings that were tried: a contest asks for them before a search does. */
const scored = new WeakMap<Replica, Score>();

function simulateScore(situation: Situation, replica: Replica): Score {
  const rate = situation.deployment.workload.requestRate;
  const requests = trialRequests(situation, replica, rate, EFFORT.climb);
  const traffic = serviceTraffic(situation, replica, { rate, requests, seed: SEARCH_SEED });
  const result = runSimulation(situation, replica, { ...traffic, giveUpWhenHopeless: true });
  if (!result.stable) return UNSTABLE;
  const seen = observe(replica, [result]);
  const saturated = capacityBeyond(situation, replica, rate);
  const { value } = tightest(loadedRequirements(situation, replica, { ...seen, rate, saturated }));
  const high = seen.latency.decode.p99Ms * decodeTailHigh(situation, replica);
  const hasMargin = !(high > situation.deployment.slo.decode.p99Ms);
  const last = value > 1 ? 1e9 * value : hasMargin ? 0 : 1e6;
  const isOffline = situation.deployment.workload.arrivals === "offline";
  const ms = isOffline ? 1000 / result.steady.requestsPerSecond : meanRequestMs(situation, result.steady);
  return { rank: last + ms, ms, passes: value <= 1, pressure: value };
}

/** A mean request has to be this much shorter to be better: less is within the noise of a trial. */
const SHORTER = 0.995;

/**
 * The serving parameters with the shortest mean request at the requested rate that pass every requirement there, with
 * the decode target held up to the upper edge of its band where any setting does. Starts from the setting with the
 * highest rate and walks to its neighbours while that helps.
 */
export function shortestRequest(
  situation: Situation,
  fitting: readonly (readonly Replica[])[],
  { from }: { readonly from: Replica },
): { readonly replica: Replica; readonly chunks: readonly Chunk[] } {
  const replicas = fitting.find((list) => list.includes(from)) ?? [from];
  if (replicas.length === 1 || isCostlyToSimulate(situation, from)) {
    return { replica: from, chunks: chunksOf(situation, replicas) };
  }
  const scores = new Map([[from, score(situation, from)]]);
  let best = { replica: from, rank: scores.get(from)?.rank ?? Number.POSITIVE_INFINITY };
  const start = replicas.indexOf(from);
  for (const direction of [1, -1]) {
    let missed = 0;
    for (let at = start + direction; missed < LOOK_AHEAD; at += direction) {
      const replica = replicas[at];
      if (replica === undefined) break;
      const own = score(situation, replica);
      scores.set(replica, own);
      if (own.rank < SHORTER * best.rank) [best, missed] = [{ replica, rank: own.rank }, 0];
      else missed++;
    }
  }
  return { replica: best.replica, chunks: chunksOf(situation, replicas, scores) };
}

/** The serving parameters that a strategy is deployed with, and its rates; requests per second over all replicas. */
export interface Tuned {
  readonly replica: Replica;
  readonly saturated: number;
  /** The setting with the highest rate of all, whatever is asked. */
  readonly fastest: Rated;
  /** Token budgets that were to choose from, largest first. */
  readonly chunks: readonly Chunk[];
}

/** What a budget would have done at the requested rate, where it was tried. */
function chunksOf(
  situation: Situation,
  replicas: readonly Replica[],
  scores: ReadonlyMap<Replica, Score> = new Map(),
): Chunk[] {
  const { workload } = situation.deployment;
  const contextTokens = meanTokens(workload.promptTokens);
  return replicas.map((replica) => {
    const { maxNumBatchedTokens: tokens } = replica.serving;
    const sequences = Math.ceil(
      expectedDecodes(situation, replica, workload.requestRate) / replica.latency.stages,
    );
    const tried = scores.get(replica);
    return {
      tokens,
      fullStepMs: fullStepMs(replica.latency, { sequences, contextTokens }, tokens),
      ...(tried === undefined ? {} : { meanRequestMs: tried.ms, passes: tried.passes }),
    };
  });
}

/** Capacity over the requested rate that keeps a queue short enough to show how far a hopeless strategy is off. */
const ROOM = 1.3;

/**
 * A strategy that passes at no rate: shown with the smallest budget that still serves what is asked, which makes its
 * tokens wait least, or with the one that serves most.
 */
function hopeless(situation: Situation, replicas: readonly Replica[], endsBy: string): Tuned {
  const wanted = ROOM * situation.deployment.workload.requestRate;
  const byHand = replicas.map((replica) => saturatedRateByHand(situation, replica));
  const enough = byHand.findLastIndex((rate) => rate >= wanted);
  const at = enough === -1 ? byHand.indexOf(Math.max(...byHand)) : enough;
  const replica = replicas[at] as Replica;
  const saturated = byHand[at] as number;
  const fastest = { replica, saturated, sustained: { rate: 0, endsBy } };
  return { replica, saturated, fastest, chunks: chunksOf(situation, replicas) };
}

/**
 * Picks the serving parameters among those that fit (not empty). Asked for latency: those with the shortest mean request
 * at the requested rate. Asked for anything else, or for more than any setting sustains: those with the highest rate.
 */
export function tuneServing(situation: Situation, fitting: readonly (readonly Replica[])[]): Tuned {
  const [replicas = []] = fitting;
  const first = replicas[guess(situation, replicas)];
  if (first === undefined) throw new Error("no setting to tune");
  if (isTooSlowAlone(situation, first.latency)) return hopeless(situation, replicas, "prefill-p50");
  if (!isRateDriven(situation)) {
    const { replica, chunks } = shortestRequest(situation, fitting, { from: first });
    const fastest = { replica, saturated: Number.NaN, sustained: { rate: Number.NaN, endsBy: "" } };
    return { replica, saturated: Number.NaN, fastest, chunks };
  }
  const { workload, strategy } = situation.deployment;
  const fastest = highestRate(situation, fitting);
  if (fastest.sustained.rate === 0) return hopeless(situation, replicas, fastest.sustained.endsBy);
  if (strategy.objective !== "latency" || workload.requestRate > fastest.sustained.rate) {
    const chunks = chunksOf(situation, fitting.find((list) => list.includes(fastest.replica)) ?? []);
    return { replica: fastest.replica, saturated: fastest.saturated, fastest, chunks };
  }
  const { replica, chunks } = shortestRequest(situation, fitting, { from: fastest.replica });
  return { replica, saturated: saturatedRate(situation, replica), fastest, chunks };
}
