import { type Replica, stepModelsOf } from "../replica/replica";
import { saturatedRateByHand } from "../replica/saturated-rate";
import { isTooSlowAlone } from "../replica/simulation-effort";
import { missesAtAnyRate } from "../requirements/assess";
import { isRateDriven } from "../requirements/service-requirements";
import { structuralRequirements } from "../requirements/validate";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import { enumerateStrategies } from "./enumerate";
import { isRefused, startRequirements } from "./prepare-candidate";
import { servingSettings } from "./serving-settings";
import { utilizationCeiling } from "./sustained-rate";

/** A saturated rate by hand may be this much too low, with all that a deeper pipeline hides. */
const BY_HAND = 1.3;

/** Whether some strategy might meet what is asked, by hand and without a simulation. Where not, none does. */
export function couldServe(situation: Situation): boolean {
  return enumerateStrategies(situation).some((strategy) => mightPass(situation, strategy));
}

function mightPass(situation: Situation, strategy: Strategy): boolean {
  if (isRefused(situation, strategy, structuralRequirements(situation, strategy))) return false;
  const { fitting, shown } = servingSettings(situation, strategy, stepModelsOf(situation, strategy));
  if (isRefused(situation, strategy, startRequirements(situation, shown))) return false;
  return fitting.flat().some((replica) => mayReach(situation, replica));
}

function mayReach(situation: Situation, replica: Replica): boolean {
  if (isTooSlowAlone(situation, replica.latency)) return false;
  if (!isRateDriven(situation)) return true;
  const ceiling = BY_HAND * utilizationCeiling(situation, saturatedRateByHand(situation, replica));
  return situation.deployment.workload.requestRate <= ceiling && !missesAtAnyRate(situation, replica);
}
