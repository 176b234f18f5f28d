import type { Replica } from "../replica/replica";
import { saturatedRateByHand } from "../replica/saturated-rate";
import { EFFORT, lightRequests, trialRequests, verdictRequests } from "../replica/simulation-effort";
import type { Pressure } from "../requirements/assess";
import type { Requirement } from "../requirements/requirement";
import { isRateDriven } from "../requirements/service-requirements";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import { describeCandidate, describeOverload } from "./describe-candidate";
import type { Evaluation, Settled } from "./evaluation";
import {
  cannotRun,
  isPrepared,
  type Prepared,
  prepareCandidate,
  startRequirements,
} from "./prepare-candidate";
import { confirmedRate, type RateRange, type SustainedRate, utilizationCeiling } from "./sustained-rate";
import { type Rated, tuneServing } from "./tune-serving";
import { pressureAt, runAt, type VerdictRun } from "./verdict-run";

/** A request of the workload that no replica could ever hold, as the simulation found it. */
function requestTooLong(reason: string): Requirement {
  return {
    id: "request-fits",
    requirement: "every request of the workload fits into the KV cache of a replica",
    value: 0,
    limit: 1,
    unit: "share",
    bound: "least",
    valueText: reason,
    configKey: "envelope.maxModelLen",
    change:
      "shorten workload.promptTokens or workload.outputTokens, or raise strategy.tensorParallel for a larger cache",
  };
}

/** Searches a strategy that fits: what it sustains with which serving parameters, how fast it is at the requested rate. */
export function searchCandidate(situation: Situation, { fitting }: Prepared): Evaluation {
  const tuned = tuneServing(situation, fitting);
  const met = startRequirements(situation, tuned.replica);
  return glance(situation, { ...tuned, met, sustained: tuned.fastest.sustained });
}

/**
 * Plans one strategy: is it valid, does it fit, what does it sustain with which serving parameters, how fast is it at the
 * requested rate. Never throws for a strategy that cannot work; the requirements then say why.
 */
export function evaluateCandidate(situation: Situation, strategy: Strategy): Evaluation {
  const ready = prepareCandidate(situation, strategy);
  return isPrepared(ready) ? searchCandidate(situation, ready) : ready;
}

/** Simulates a strategy at the requested rate, unless that is more than it can serve at all, and describes it. */
function describe(situation: Situation, rated: Settled, run: VerdictRun): Evaluation {
  const { replica, met } = rated;
  const [result] = run.results;
  if (result?.infeasible !== undefined) {
    return cannotRun(replica, [...met, requestTooLong(result.infeasible)]);
  }
  if (isRateDriven(situation) && !run.isStable) return describeOverload(situation, rated);
  return describeCandidate(situation, { ...rated, run });
}

const isOverloaded = (situation: Situation, { saturated }: Settled): boolean =>
  isRateDriven(situation) && situation.deployment.workload.requestRate > saturated;

/** A short look at the requested rate: coarse enough to rank a candidate. */
function glance(situation: Situation, rated: Settled): Evaluation {
  if (isOverloaded(situation, rated)) return describeOverload(situation, rated);
  const rate = situation.deployment.workload.requestRate;
  const requests = trialRequests(situation, rated.replica, rate, EFFORT.glance);
  return describe(situation, rated, runAt(situation, rated.replica, { rate, requests, runs: 1 }));
}

/** Requests of the runs that settle what a replica does. */
const requestsOf = (situation: Situation, replica: Replica): number =>
  verdictRequests(situation, replica, saturatedRateByHand(situation, replica));

/** Highest rate of a setting, by runs as long as the one that a verdict rests on. */
function settledRate(
  situation: Situation,
  { replica, saturated }: Omit<Rated, "sustained">,
  range: Partial<RateRange>,
): SustainedRate {
  const requests = requestsOf(situation, replica);
  const pressure = (rate: number): Pressure =>
    pressureAt(situation, replica, { run: runAt(situation, replica, { rate, requests }), rate, saturated });
  return confirmedRate(pressure, { ceiling: utilizationCeiling(situation, saturated), ...range });
}

/** A run at the requested rate, of at most `requests`, and how close it is to the tightest requirement. */
function lookAtAsked(
  situation: Situation,
  { replica, saturated }: Settled,
  requests: number,
): { readonly run: VerdictRun; readonly here: Pressure } {
  const rate = situation.deployment.workload.requestRate;
  const run = runAt(situation, replica, { rate, requests });
  return { run, here: pressureAt(situation, replica, { run, rate, saturated }) };
}

/**
 * The same as long as it takes: far below what is sustained each request takes many steps, and few are enough to pass; one
 * that fails may be too short.
 */
function settledLook(situation: Situation, settled: Settled, highestRate: number) {
  const requests = requestsOf(situation, settled.replica);
  const asked = situation.deployment.workload.requestRate;
  const fewer =
    asked < LIGHT * highestRate ? lightRequests(situation, settled.replica, asked, requests) : requests;
  const light = lookAtAsked(situation, settled, fewer);
  return light.here.value > 1 && fewer < requests ? lookAtAsked(situation, settled, requests) : light;
}

/**
 * A longer look at the requested rate alone: it settles by how much a candidate that runs loses there, before what it
 * sustains is worth settling.
 */
export function compareAtAsked(situation: Situation, evaluation: Evaluation): Evaluation {
  const { tuned } = evaluation;
  if (tuned === undefined || tuned.fastest.sustained.rate === 0) return evaluation;
  if (!isRateDriven(situation) || isOverloaded(situation, tuned)) return evaluation;
  const { run } = settledLook(situation, tuned, tuned.fastest.sustained.rate);
  return describe(situation, { ...tuned, sustained: tuned.fastest.sustained }, run);
}

/**
 * A longer look at a candidate that runs, as the plan needs it: a run at the requested rate that settles the verdict, and
 * the highest rates by runs as long as that one, of the serving parameters that it is deployed with and of the fastest.
 * Rate and verdict agree: the rate is at least the requested one if and only if that passes. What the fastest setting
 * passes is never refused because another one was shorter in a trial.
 */
export function refineCandidate(situation: Situation, { tuned }: Pick<Evaluation, "tuned">): Evaluation {
  if (tuned === undefined) throw new Error("a candidate that cannot run has nothing to refine");
  const { replica, saturated, fastest } = tuned;
  const { requestRate: asked } = situation.deployment.workload;
  const near = fastest.sustained.rate;
  const requests = requestsOf(situation, replica);
  if (near === 0 || !isRateDriven(situation)) {
    if (isOverloaded(situation, tuned)) return describeOverload(situation, tuned);
    return describe(situation, tuned, runAt(situation, replica, { rate: asked, requests }));
  }
  const highest = settledRate(situation, fastest, { near });
  const known = { ...tuned, fastest: { ...fastest, sustained: highest } };
  if (isOverloaded(situation, tuned)) return describeOverload(situation, { ...known, sustained: highest });
  const { run, here } = settledLook(situation, tuned, highest.rate);
  const isMet = here.value <= 1;
  if (!isMet && replica !== fastest.replica && highest.rate >= asked) {
    return refineCandidate(situation, { tuned: fallenBack(situation, tuned) });
  }
  if (replica === fastest.replica && isMet === highest.rate >= asked) {
    return describe(situation, { ...known, sustained: highest }, run);
  }
  const ceiling = utilizationCeiling(situation, saturated);
  const range = isMet ? { holds: asked, near } : { ceiling: Math.min(ceiling, asked), near: BELOW * asked };
  const found = settledRate(situation, tuned, range);
  const isConsistent = isMet || found.rate < asked;
  const sustained = isConsistent ? found : { rate: BELOW * asked, endsBy: here.by };
  return describe(situation, { ...known, sustained }, run);
}

/** The fastest setting in place of one that passed the short trials at the requested rate and not the long ones. */
function fallenBack(situation: Situation, tuned: Settled): Settled {
  const { replica, saturated, sustained } = tuned.fastest;
  const missed = tuned.replica.serving.maxNumBatchedTokens;
  const chunks = tuned.chunks.map((chunk) => (chunk.tokens === missed ? { ...chunk, passes: false } : chunk));
  return { ...tuned, replica, saturated, sustained, chunks, met: startRequirements(situation, replica) };
}

/** Share of the highest rate below which a load is light. */
const LIGHT = 0.5;

/** Where a rate that does not pass is believed to: just below it. */
const BELOW = 0.97;
