import { refineCandidate } from "../candidates/evaluate-candidate";
import type { Evaluation } from "../candidates/evaluation";
import type { Situation } from "../situation";
import { choose } from "./choose";
import { type Contender, evaluationOf, holdContest, withRunnersUp } from "./contest";

/** Rounds after which the choice stands as it is; two strategies that keep swapping places are equally good. */
const ROUNDS = 4;

interface Settled {
  readonly settled: readonly Evaluation[];
  readonly choice: { readonly chosen: Evaluation; readonly recommended: Evaluation };
}

/** The same, searching on where the longer run lets others be better than it. */
export function settleContest(situation: Situation, entered: readonly Contender[]): Settled {
  const contest = (now: readonly Contender[]) => withRunnersUp(situation, holdContest(situation, now));
  let contenders = contest(entered);
  const refined = new Set<Evaluation>();
  for (;;) {
    const searched = contenders.filter(({ evaluation }) => evaluation !== undefined);
    const { settled, choice } = settleChoice(situation, searched.map(evaluationOf), refined);
    const longer = new Map(settled.map((evaluation, index) => [searched[index], evaluation]));
    const now = contenders.map((contender) => {
      const evaluation = longer.get(contender);
      return evaluation === undefined ? contender : { ...contender, evaluation };
    });
    contenders = contest(now);
    const count = contenders.filter(({ evaluation }) => evaluation !== undefined).length;
    if (count === searched.length) return { settled: contenders.map(evaluationOf), choice };
  }
}

/**
 * Chooses, and simulates in full what was chosen and what is recommended. Where the longer run changes the verdict, it
 * chooses again. `refined` are those that were simulated in full before.
 */
export function settleChoice(
  situation: Situation,
  evaluations: readonly Evaluation[],
  refined: Set<Evaluation> = new Set(),
): Settled {
  let settled = evaluations;
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
