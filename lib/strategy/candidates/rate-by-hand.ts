import { saturatedRateByHand } from "../replica/saturated-rate";
import { isTooSlowAlone } from "../replica/simulation-effort";
import { missesAtAnyRate } from "../requirements/assess";
import { isRateDriven } from "../requirements/service-requirements";
import type { Situation } from "../situation";
import { enumerateStrategies } from "./enumerate";
import { preparedOf } from "./prepare-candidate";
import { utilizationCeiling } from "./sustained-rate";

/** A rate by hand may be this much too low, with all that a deeper pipeline hides. */
export const RATE_BY_HAND_LOW = 1.3;

/**
 * Highest rate that any strategy might sustain, requests per second, by hand and without a simulation; 0 where none can
 * run or one request alone misses a target, infinite for traffic without a rate.
 */
export function mostRateByHand(situation: Situation): number {
  let most = 0;
  for (const strategy of enumerateStrategies(situation)) {
    for (const replica of preparedOf(situation, strategy)?.fitting.flat() ?? []) {
      if (isTooSlowAlone(situation, replica.latency)) continue;
      if (!isRateDriven(situation)) return Number.POSITIVE_INFINITY;
      const rate = utilizationCeiling(situation, saturatedRateByHand(situation, replica));
      if (rate > most && !missesAtAnyRate(situation, replica)) most = rate;
    }
  }
  return most;
}
