import { compareAtAsked, refineCandidate } from "../candidates/evaluate-candidate";
import type { Evaluation } from "../candidates/evaluation";
import type { Situation } from "../situation";
import { choose } from "./choose";
import { type Contender, evaluationOf, type holdContest } from "./contest";

/** Rounds after which the choice stands as it is; two strategies that keep swapping places are equally good. */
const ROUNDS = 8;

/** What was simulated longer: at the requested rate, or in full. */
interface Longer {
  readonly compared: Set<Evaluation>;
  readonly refined: Set<Evaluation>;
}

const nothingLonger = (): Longer => ({ compared: new Set(), refined: new Set() });

interface Settled {
  readonly settled: readonly Evaluation[];
  readonly choice: { readonly chosen: Evaluation; readonly recommended: Evaluation };
}

/** The same, holding the contest again where the longer run lets others be better than it. */
export function settleContest(
  situation: Situation,
  entered: readonly Contender[],
  contest: typeof holdContest,
): Settled {
  let contenders = contest(situation, entered);
  const longer = nothingLonger();
  for (;;) {
    const searched = contenders.filter(({ evaluation }) => evaluation !== undefined);
    const { settled, choice } = settleChoice(situation, searched.map(evaluationOf), longer);
    const now = new Map(settled.map((evaluation, index) => [searched[index], evaluation]));
    const next = contenders.map((contender) => {
      const evaluation = now.get(contender);
      return evaluation === undefined ? contender : { ...contender, evaluation };
    });
    contenders = contest(situation, next);
    const count = contenders.filter(({ evaluation }) => evaluation !== undefined).length;
    if (count === searched.length) return { settled: contenders.map(evaluationOf), choice };
  }
}

/**
 * Chooses, and simulates in full what was chosen and what is recommended. Where the longer run changes the verdict, it
 * chooses again. Where the shortest request wins, a run at the requested rate alone comes first: it may end the matter.
 * `longer` are those that were simulated so before.
 */
export function settleChoice(
  situation: Situation,
  evaluations: readonly Evaluation[],
  { compared, refined }: Longer = nothingLonger(),
): Settled {
  const comparesFirst = situation.deployment.strategy.objective === "latency";
  let settled = evaluations;
  for (let round = 0; ; round++) {
    const choice = choose(settled, situation.deployment);
    const coarse = [choice.chosen, choice.recommended].filter(
      (evaluation) => evaluation.candidate.feasible && !refined.has(evaluation),
    );
    if (coarse.length === 0 || round === ROUNDS) return { settled, choice };
    const uncompared = comparesFirst ? coarse.filter((evaluation) => !compared.has(evaluation)) : [];
    const [due, look, done] =
      uncompared.length > 0 ? [uncompared, compareAtAsked, compared] : [coarse, refineCandidate, refined];
    settled = settled.map((evaluation) => {
      if (!due.includes(evaluation)) return evaluation;
      const longer = look(situation, evaluation);
      done.add(longer);
      return longer;
    });
  }
}
