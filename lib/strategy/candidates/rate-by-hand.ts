import { isTooHeavy } from "../replica/fit-memory";
import { saturatedRateByHand } from "../replica/saturated-rate";
import { isTooSlowAlone } from "../replica/simulation-effort";
import { missesAtAnyRate } from "../requirements/assess";
import { isRateDriven } from "../requirements/service-requirements";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import { enumerateStrategies } from "./enumerate";
import { isRefusedAnyway, preparedOf } from "./prepare-candidate";
import { mostRateOfSettings } from "./serving-settings";
import { utilizationCeiling } from "./sustained-rate";

/** A rate by hand may be this much too low, with all that a deeper pipeline hides. */
export const RATE_BY_HAND_LOW = 1.3;

/**
 * What a strategy does with a cache without end and the farthest graphs may be this much too low: over 47,000 settings of
 * three models on the catalogue's machines one was at most 1.19 times as fast, where a smaller batch is padded less.
 */
const BOUND_LOW = 1.3;

/**
 * Whether any strategy might sustain the requested rate, by hand: nothing is simulated. False where none can run or one
 * request alone misses a target.
 */
export function mayReachByHand(situation: Situation): boolean {
  const least = situation.deployment.workload.requestRate / RATE_BY_HAND_LOW;
  return enumerateStrategies(situation).some((strategy) => mayReach(situation, strategy, least));
}

function mayReach(situation: Situation, strategy: Strategy, least: number): boolean {
  if (isTooHeavy(situation, strategy) || isRefusedAnyway(situation, strategy)) return false;
  if (isBelow(situation, strategy, least)) return false;
  return mostRateOf(situation, strategy) >= least;
}

/** Whether a strategy stays below a rate however much its memory holds: most do, and their memory need not be counted. */
function isBelow(situation: Situation, strategy: Strategy, least: number): boolean {
  if (!isRateDriven(situation)) return false;
  return BOUND_LOW * utilizationCeiling(situation, mostRateOfSettings(situation, strategy)) < least;
}

/** Highest rate of a strategy by hand, requests per second; 0 where it cannot run or one request alone misses a target. */
function mostRateOf(situation: Situation, strategy: Strategy): number {
  let most = 0;
  for (const replica of preparedOf(situation, strategy)?.fitting.flat() ?? []) {
    if (isTooSlowAlone(situation, replica.latency)) continue;
    if (!isRateDriven(situation)) return Number.POSITIVE_INFINITY;
    const rate = utilizationCeiling(situation, saturatedRateByHand(situation, replica));
    if (rate > most && !missesAtAnyRate(situation, replica)) most = rate;
  }
  return most;
}

/**
 * Highest rate that any strategy might sustain, requests per second, by hand and without a simulation; 0 where none can
 * run or one request alone misses a target, infinite for traffic without a rate.
 */
export const mostRateByHand = (situation: Situation): number =>
  Math.max(0, ...enumerateStrategies(situation).map((strategy) => mostRateOf(situation, strategy)));
