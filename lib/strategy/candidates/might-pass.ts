import { complexity } from "../figures/complexity";
import { sameStrategy } from "../figures/strategy-label";
import { isTooHeavy } from "../replica/fit-memory";
import type { Replica } from "../replica/replica";
import { saturatedRate, saturatedRateByHand } from "../replica/saturated-rate";
import { lightRequests, verdictRequests } from "../replica/simulation-effort";
import { violationsOf } from "../requirements/requirement";
import { isRateDriven } from "../requirements/service-requirements";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import { boundsOf, readsLongTooSlowly } from "./candidate-bounds";
import { CLEARLY, type Mark, mayReach, settingsThatMayReach } from "./challenge";
import { enumerateStrategies, matchesPins } from "./enumerate";
import { preparedOf, startRequirements } from "./prepare-candidate";
import { utilizationCeiling } from "./sustained-rate";
import { pressureAt, RUNS, runAt } from "./verdict-run";

/** Settings that are simulated as long as a verdict takes: the most promising ones fail where it is close. */
const MOST_VERDICTS = 4;

const askedRate = ({ deployment }: Situation): Mark => ({
  kind: "rate",
  rate: deployment.workload.requestRate,
});

/** The strategies that the pins allow and that may sustain the requested rate within the targets by their bounds: `likely`, then the simplest. */
function promising(situation: Situation, likely?: Strategy) {
  const { deployment } = situation;
  const order = (strategy: Strategy) =>
    likely !== undefined && sameStrategy(strategy, likely) ? -1 : complexity(strategy);
  return enumerateStrategies(situation)
    .filter((strategy) => matchesPins(strategy, deployment) && !isTooHeavy(situation, strategy))
    .flatMap((strategy) => {
      const ready = preparedOf(situation, strategy);
      return ready === undefined ? [] : { ...ready, mostRate: boundsOf(situation, ready).mostRate };
    })
    .filter(
      ({ mostRate, fitting }) =>
        mostRate >= deployment.workload.requestRate &&
        fitting.flat().some((replica) => !readsLongTooSlowly(situation, replica)),
    )
    .sort((a, b) => order(a.strategy) - order(b.strategy) || b.mostRate - a.mostRate);
}

/**
 * Whether a plan might pass: some strategy that the pins allow may sustain the requested rate, by its bounds and by short
 * runs, which err on the side of calling a rate sustainable. Much cheaper than a plan where the answer is no.
 */
export function mightPass(situation: Situation): boolean {
  if (!isRateDriven(situation)) return true;
  const mark = askedRate(situation);
  return promising(situation).some((prepared) => mayReach(situation, prepared, mark));
}

/** Whether a setting meets every requirement at the requested rate, by the runs of a plan's verdict. */
function passes(situation: Situation, replica: Replica): boolean {
  if (violationsOf(startRequirements(situation, replica)).length > 0) return false;
  const rate = situation.deployment.workload.requestRate;
  const saturated = saturatedRate(situation, replica);
  if (rate > utilizationCeiling(situation, saturated)) return false;
  const requests = verdictRequests(situation, replica, saturatedRateByHand(situation, replica));
  const light = lightRequests(situation, replica, rate, requests);
  // A plan that sustains far more than is asked for looks no longer than that.
  return [...new Set([light, requests])].some((count) => {
    const first = runAt(situation, replica, { rate, requests: Math.ceil(count / RUNS), runs: 1 });
    if (pressureAt(situation, replica, { run: first, rate, saturated }).value > CLEARLY.misses) return false;
    const run = runAt(situation, replica, { rate, requests: count });
    return pressureAt(situation, replica, { run, rate, saturated }).value <= 1;
  });
}

/**
 * Whether some strategy meets every requirement at the requested rate with one of the settings that may reach it: where none
 * does, no plan passes. Its runs are those that a plan's verdict rests on, so where one passes little was simulated for it alone.
 */
export function somePasses(situation: Situation): boolean {
  if (!isRateDriven(situation)) return true;
  const mark = askedRate(situation);
  return promising(situation).some((prepared) => {
    for (const replica of settingsThatMayReach(situation, prepared, mark))
      if (passes(situation, replica)) return true;
    return false;
  });
}

/**
 * A strategy that meets every requirement at the requested rate, of those that the pins allow: the first that is found, not
 * the best; `likely` is asked first. Undefined where none of the most promising does. For traffic at a rate.
 */
export function passingStrategy(situation: Situation, likely: Strategy): Strategy | undefined {
  let left = MOST_VERDICTS;
  for (const prepared of promising(situation, likely)) {
    for (const replica of settingsThatMayReach(situation, prepared, askedRate(situation))) {
      if (passes(situation, replica)) return prepared.strategy;
      if (--left === 0) return undefined;
    }
  }
  return undefined;
}
