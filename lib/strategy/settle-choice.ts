import { choose } from "./choose";
import { type Evaluation, evaluateCandidate } from "./evaluate-candidate";
import { effort } from "./simulation-effort";
import type { Situation } from "./situation";

/** Rounds after which the choice stands as it is; two strategies that keep swapping places are equally good. */
const ROUNDS = 4;

interface Settled {
  readonly settled: readonly Evaluation[];
  readonly choice: { readonly chosen: Evaluation; readonly recommended: Evaluation };
}

/** Was a strategy simulated with fewer requests than the config asks for? */
function isCoarse(situation: Situation, { candidate }: Evaluation): boolean {
  const requests = candidate.simulatedRequests;
  return requests !== undefined && requests < situation.deployment.workload.simulatedRequests;
}

/**
 * Chooses, and simulates in full what was chosen and what is recommended. Where the longer run changes the verdict, it
 * chooses again.
 */
export function settleChoice(situation: Situation, evaluations: readonly Evaluation[]): Settled {
  let settled = evaluations;
  const refined = new Set<Evaluation>();
  for (let round = 0; ; round++) {
    const choice = choose(settled, situation.deployment);
    const coarse = [choice.chosen, choice.recommended].filter(
      (evaluation) => isCoarse(situation, evaluation) && !refined.has(evaluation),
    );
    if (coarse.length === 0 || round === ROUNDS) return { settled, choice };
    settled = settled.map((evaluation) => {
      if (!coarse.includes(evaluation)) return evaluation;
      const longer = evaluateCandidate(situation, evaluation.candidate.strategy, effort.plan);
      refined.add(longer);
      return longer;
    });
  }
}
