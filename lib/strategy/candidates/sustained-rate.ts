import { observe } from "../replica/observe";
import type { Replica } from "../replica/replica";
import { runSimulation, serviceTraffic } from "../replica/run-simulation";
import { SEARCH_SEED } from "../replica/saturated-rate";
import { type Effort, trialRequests } from "../replica/simulation-effort";
import { loadedRequirements, type Pressure, tightest } from "../requirements/assess";
import { isRateDriven } from "../requirements/service-requirements";
import type { Situation } from "../situation";

/** The highest rate at which every requirement holds, and the requirement that ends it. */
export interface SustainedRate {
  /** Requests per second over all replicas; 0 when no rate passes. */
  readonly rate: number;
  /** Id of the requirement that the next higher rate misses. */
  readonly endsBy: string;
}

/** How close the rate that passes and the one that does not have to be, as a ratio, for a search to end. */
export const CLOSE = { coarse: 1.03, fine: 1.015 } as const;
const MOST_TRIALS = 24;
/** A strategy that passes at no rate above this share of its capacity passes at none. */
const LEAST_SHARE = 0.02;

/** How close a short run of the whole fleet at a rate is to its tightest requirement. */
export function tryRate(
  situation: Situation,
  replica: Replica,
  { rate, saturated, effort }: { readonly rate: number; readonly saturated: number; readonly effort: Effort },
): Pressure {
  const requests = trialRequests(situation, replica, rate, effort);
  const traffic = serviceTraffic(situation, replica, { rate, requests, seed: SEARCH_SEED });
  const result = runSimulation(situation, replica, { ...traffic, giveUpWhenHopeless: true });
  if (!result.stable) return { value: Number.POSITIVE_INFINITY, by: "request-rate" };
  const seen = observe(replica, [result]);
  return tightest(loadedRequirements(situation, replica, { ...seen, rate, saturated }));
}

/** Highest rate that the utilisation limit allows: a bound on every search. */
export function utilizationCeiling(situation: Situation, saturated: number): number {
  // A hair below, so that dividing it by the saturated rate again does not end above the limit.
  const share = isRateDriven(situation) ? situation.deployment.envelope.gpuUtilizationTarget : 1;
  return share * saturated * (1 - 1e-9);
}

/** Where to look for a rate, in requests per second over all replicas. */
export interface RateRange {
  readonly ceiling: number;
  /** A rate that is known to pass. */
  readonly holds?: number;
  /** Where the answer is believed to be. */
  readonly near?: number;
  readonly close?: number;
  /** Hold the answer against `CONFIRMED` of it as well: what is near a limit may pass at a rate and not just below. */
  readonly confirms?: boolean;
}

/**
 * Highest rate at which `tryAt` is within its tightest requirement: steps outwards from `near` until one rate passes and a
 * higher one does not, then narrows the interval, by turns where the logarithm of the pressure is expected to cross its
 * limit and in the middle.
 */
export function searchRate(tryAt: (rate: number) => Pressure, range: RateRange): SustainedRate {
  const { ceiling, close = CLOSE.fine } = range;
  let holds = range.holds ?? 0;
  let least = Number.NEGATIVE_INFINITY;
  let fails = Number.POSITIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  let endsBy = "gpu-utilization";
  const look = (rate: number): void => {
    const { value, by } = tryAt(rate);
    if (value <= 1) [holds, least] = [rate, Math.log(value)];
    else [fails, most, endsBy] = [rate, Math.log(value), by];
  };
  // A hair below, so that the middle of a step closes the interval, whichever side it falls on.
  let step = close ** 2 * (1 - 1e-9);
  let next = Math.min(ceiling, Math.max(range.near ?? ceiling, holds * step));
  for (let trial = 0; trial < MOST_TRIALS && holds < ceiling; trial++) {
    if (fails <= Math.max(close * holds, LEAST_SHARE * ceiling)) break;
    look(next);
    if (fails === Number.POSITIVE_INFINITY) {
      next = Math.min(ceiling, holds * step);
      step **= 2;
    } else if (holds === 0) {
      next = fails / (range.near === undefined ? 2 : step);
      step **= 2;
    } else if (fails <= close ** 2 * holds) {
      next = Math.sqrt(holds * fails);
    } else {
      const isKnown = Number.isFinite(least) && Number.isFinite(most) && trial % 2 === 0;
      const share = isKnown ? least / (least - most) : 0.5;
      const guess = holds + (fails - holds) * share;
      // Near an end, just far enough from it that the answer, whichever, closes the interval.
      const edge = 1 + 0.9 * (close - 1);
      next = Math.max(holds * edge, Math.min(guess, fails / edge));
    }
  }
  return { rate: holds, endsBy };
}

/** Shares of a sustained rate of which the lower has to pass and the higher to fail: what an operator counts on. */
const CONFIRMED = { passes: 0.97, fails: 1.06 } as const;
/** A rate that has passed this near to the lower one is as good. */
const ABOUT = 0.004;
/** Of two higher rates that fail, the farther by more, this far above: pressure rises, and what is beyond fails, too. */
const RISING = 1.03;
/** Rates that fail their confirmation before the last one stands. */
const MOST_CONFIRMATIONS = 6;

/**
 * The rate that `searchRate` finds, once a rate just below it passes and one just above it fails: near a limit a run may
 * pass at a rate and not at a lower one, where its requests meet otherwise. A rate that is known to pass stands.
 */
export function confirmedRate(tryAt: (rate: number) => Pressure, range: RateRange): SustainedRate {
  const { ceiling, holds = 0 } = range;
  const seen: { readonly rate: number; readonly value: number }[] = [];
  const lookAt = (rate: number): Pressure => {
    const pressure = tryAt(rate);
    seen.push({ rate, value: pressure.value });
    return pressure;
  };
  const hasPassedAbout = (rate: number): boolean =>
    seen.some((one) => Math.abs(one.rate / rate - 1) <= ABOUT && one.value <= 1);
  let found = searchRate(lookAt, range);
  for (let trial = 0; trial < MOST_CONFIRMATIONS && found.rate > 0; trial++) {
    const above = CONFIRMED.fails * found.rate;
    const isLimited = above > ceiling || risesBeyond(found.rate, seen);
    if (!isLimited && lookAt(above).value <= 1) {
      found = searchRate(lookAt, { ...range, holds: above, near: above });
      continue;
    }
    const below = CONFIRMED.passes * found.rate;
    if (below <= holds || hasPassedAbout(below)) return found;
    const { value, by } = lookAt(below);
    if (value <= 1) return found;
    const lower = searchRate(lookAt, { ...range, ceiling: below, near: CONFIRMED.passes * below });
    found = { rate: lower.rate, endsBy: by };
  }
  return found;
}

/** Whether two rates above one have failed, the higher by more. */
function risesBeyond(
  rate: number,
  seen: readonly { readonly rate: number; readonly value: number }[],
): boolean {
  const failing = seen.filter((one) => one.rate > rate && one.value > 1);
  return failing.some(
    (far) =>
      far.rate >= RISING * rate && failing.some((near) => near.rate < far.rate && near.value < far.value),
  );
}

/** Highest rate of a replica's serving parameters by short runs of the whole fleet. */
export function sustainedRate(
  situation: Situation,
  replica: Replica,
  {
    saturated,
    effort,
    ...range
  }: { readonly saturated: number; readonly effort: Effort } & Omit<RateRange, "ceiling">,
): SustainedRate {
  return searchRate((rate) => tryRate(situation, replica, { rate, saturated, effort }), {
    ceiling: utilizationCeiling(situation, saturated),
    ...range,
  });
}

/** What ends a setting that passes at no rate: what is tightest at the lowest rate that a search would try. */
export function noRate(
  situation: Situation,
  replica: Replica,
  { saturated, effort }: { readonly saturated: number; readonly effort: Effort },
): SustainedRate {
  const ceiling = utilizationCeiling(situation, saturated);
  let rate = ceiling;
  while (rate > LEAST_SHARE * ceiling) rate /= 2;
  return { rate: 0, endsBy: tryRate(situation, replica, { rate, saturated, effort }).by };
}
