import { isRateDriven } from "../requirements/service-requirements";
import type { Situation } from "../situation";
import { boundsOf } from "./candidate-bounds";
import { mayReach } from "./challenge";
import { enumerateStrategies, matchesPins } from "./enumerate";
import { isPrepared, prepareCandidate } from "./prepare-candidate";

/**
 * Whether a plan might pass: some strategy that the pins allow may sustain the requested rate, by its bounds and by short
 * runs, which err on the side of calling a rate sustainable. Much cheaper than a plan where the answer is no.
 */
export function mightPass(situation: Situation): boolean {
  const { deployment } = situation;
  if (!isRateDriven(situation)) return true;
  const rate = deployment.workload.requestRate;
  return enumerateStrategies(situation)
    .filter((strategy) => matchesPins(strategy, deployment))
    .flatMap((strategy) => {
      const ready = prepareCandidate(situation, strategy);
      return isPrepared(ready) ? { ...ready, ...boundsOf(situation, ready) } : [];
    })
    .filter(({ mostRate }) => mostRate >= rate)
    .sort((a, b) => b.mostRate - a.mostRate)
    .some((prepared) => mayReach(situation, prepared, { kind: "rate", rate }));
}
