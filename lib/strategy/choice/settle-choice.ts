import { refineCandidate } from "../candidates/evaluate-candidate";
import type { Evaluation } from "../candidates/evaluation";
import type { Situation } from "../situation";
import { choose } from "./choose";

/** Rounds after which the choice stands as it is; two strategies that keep swapping places are equally good. */
const ROUNDS = 4;

interface Settled {
  readonly settled: readonly Evaluation[];
  readonly choice: { readonly chosen: Evaluation; readonly recommended: Evaluation };
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
      (evaluation) => evaluation.candidate.feasible && !refined.has(evaluation),
    );
    if (coarse.length === 0 || round === ROUNDS) return { settled, choice };
    settled = settled.map((evaluation) => {
      if (!coarse.includes(evaluation)) return evaluation;
      const longer = refineCandidate(situation, evaluation);
      refined.add(longer);
      return longer;
    });
  }
}
