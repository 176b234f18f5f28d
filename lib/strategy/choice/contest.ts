import { type Bounds, boundsOf } from "../candidates/candidate-bounds";
import { type Mark, mayReach } from "../candidates/challenge";
import { matchesPins } from "../candidates/enumerate";
import { searchCandidate } from "../candidates/evaluate-candidate";
import type { Evaluation } from "../candidates/evaluation";
import { isPrepared, type Prepared, prepareCandidate } from "../candidates/prepare-candidate";
import { msText, rateText } from "../figures/quantity-text";
import { strategyLabel } from "../figures/strategy-label";
import { memoryRow } from "../replica/fit-memory";
import { isRateDriven } from "../requirements/service-requirements";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import { choose, highestRate, WORTH_IT } from "./choose";

/** So few strategies that run are all searched: the report is richer for it, and it costs a second at most. */
const FEW = 8;

/** A strategy of a search: evaluated, or put off as long as it cannot be better than one that is. */
export interface Contender {
  readonly strategy: Strategy;
  readonly prepared?: Prepared;
  readonly bounds?: Bounds;
  readonly evaluation?: Evaluation;
  /** Why it was not searched, against the marks that were last held against it. */
  readonly why?: string;
}

/** Fits every strategy. Few that run, and those of traffic without a rate, are searched at once. */
export function enterContest(situation: Situation, strategies: readonly Strategy[]): Contender[] {
  const ready = strategies.map((strategy) => prepareCandidate(situation, strategy));
  const isSmall = ready.filter(isPrepared).length <= FEW || !isRateDriven(situation);
  return ready.map((each, index): Contender => {
    const strategy = strategies[index] as Strategy;
    if (!isPrepared(each)) return { strategy, evaluation: each };
    if (isSmall) return { strategy, evaluation: searchCandidate(situation, each) };
    return { strategy, prepared: each, bounds: boundsOf(situation, each) };
  });
}

/** A mark that a contender has to reach, and whose it is; nothing when only a search can tell. */
interface Rival {
  readonly mark: Mark;
  readonly name: string;
}

/**
 * What it takes to take the place of `best`, by the rules of `chooseBest`: a shorter request or a higher rate than one
 * that meets everything; where none does and all sustain less than is asked, a higher rate.
 */
function rivalOf({ deployment }: Situation, best: Evaluation): Rival | undefined {
  const name = strategyLabel(best.candidate.strategy);
  const rate = highestRate(best) / (1 + WORTH_IT);
  const { objective } = deployment.strategy;
  if (best.candidate.meetsSlo && objective === "latency") {
    return { mark: { kind: "request", ms: best.meanRequestMs * (1 + WORTH_IT) }, name };
  }
  const isTooMuch = highestRate(best) > 0 && highestRate(best) < deployment.workload.requestRate;
  return best.candidate.meetsSlo || isTooMuch ? { mark: { kind: "rate", rate }, name } : undefined;
}

/** Why a contender cannot reach a mark; nothing when it may. By its bounds, then by short runs. */
function shortfall(
  situation: Situation,
  { prepared, bounds }: Open,
  { mark, name }: Rival,
): string | undefined {
  if (mark.kind === "request") {
    const { leastRequestMs } = bounds;
    const own = msText(mark.ms / (1 + WORTH_IT));
    if (leastRequestMs > mark.ms) {
      return Number.isFinite(leastRequestMs)
        ? `It was not searched, because a mean request takes at least ${msText(leastRequestMs)} with it and ${own} with ${name}.`
        : "It was not searched, because it misses the decode p50 target even with one request alone.";
    }
    return mayReach(situation, prepared, mark)
      ? undefined
      : `It was not searched in full, because in short runs it misses a requirement or takes longer than the ${own} of ${name} for a mean request.`;
  }
  const own = rateText(mark.rate * (1 + WORTH_IT));
  const { mostRate } = bounds;
  if (mostRate < mark.rate) {
    return mostRate > 0
      ? `It was not searched, because it sustains at most ${rateText(mostRate)} and ${name} ${own}.`
      : "It was not searched, because its memory, its first token or its decode misses a requirement at any rate.";
  }
  return mayReach(situation, prepared, mark)
    ? undefined
    : `It was not searched in full, because in short runs it misses a requirement near the ${own} that ${name} sustains.`;
}

/** Why a contender cannot take any place that it may take; nothing when it has to be searched. */
function whyNot(
  situation: Situation,
  contender: Open,
  best: readonly (Evaluation | undefined)[],
): string | undefined {
  let why: string | undefined;
  for (const each of best) {
    const rival = each && rivalOf(situation, each);
    why = rival && shortfall(situation, contender, rival);
    if (why === undefined) return undefined;
  }
  return why;
}

/** One that is put off. */
type Open = Contender & { readonly prepared: Prepared; readonly bounds: Bounds };

const isOpen = (contender: Contender): contender is Open =>
  contender.prepared !== undefined && contender.evaluation === undefined;

/** Those that are put off, the most promising first: what the pins allow before the rest, then by bound. */
function byPromise({ deployment }: Situation, contenders: readonly Contender[]) {
  return contenders.filter(isOpen).sort((a, b) => {
    const byPins = Number(matchesPins(b.strategy, deployment)) - Number(matchesPins(a.strategy, deployment));
    const byBound =
      deployment.strategy.objective === "latency"
        ? a.bounds.leastRequestMs - b.bounds.leastRequestMs || 0
        : b.bounds.mostRate - a.bounds.mostRate;
    return byPins || byBound;
  });
}

/**
 * Searches the contenders that may take the place of the best one, most promising first, until all others cannot. What
 * the pins allow contends for the choice, everything for the recommendation.
 */
export function holdContest(situation: Situation, contenders: readonly Contender[]): Contender[] {
  const { deployment } = situation;
  const order = byPromise(situation, contenders);
  const now = new Map(contenders.map((contender) => [contender.strategy, contender]));
  for (const contender of order) {
    const known = [...now.values()].flatMap(({ evaluation }) => evaluation ?? []);
    const allowed = known.filter(({ candidate }) => matchesPins(candidate.strategy, deployment));
    const { chosen, recommended } = allowed.length > 0 ? choose(known, deployment) : NOBODY;
    const places = matchesPins(contender.strategy, deployment) ? [chosen, recommended] : [recommended];
    const why = whyNot(situation, contender, places);
    const next =
      why === undefined
        ? { ...contender, evaluation: searchCandidate(situation, contender.prepared) }
        : { ...contender, why };
    now.set(contender.strategy, next);
  }
  return [...now.values()];
}

/** Strategies that a reader sees beside each other. */
const SHOWN = 3;

/** Searches the most promising that were put off until there are as many to show as a reader sees. */
function withRunnersUp(situation: Situation, contenders: readonly Contender[]): Contender[] {
  const searched = contenders.filter(({ evaluation }) => evaluation?.candidate.feasible).length;
  const next = new Set(byPromise(situation, contenders).slice(0, Math.max(0, SHOWN - searched)));
  return contenders.map((contender) =>
    isOpen(contender) && next.has(contender)
      ? { ...contender, evaluation: searchCandidate(situation, contender.prepared) }
      : contender,
  );
}

/** The same, for a plan that is read: with the most promising of those that cannot take a place. */
export const contestWithRunnersUp: typeof holdContest = (situation, contenders) =>
  withRunnersUp(situation, holdContest(situation, contenders));

const NOBODY = { chosen: undefined, recommended: undefined };

/** What is said of a contender that was not searched: it fits, and cannot be the best. */
export function evaluationOf({ evaluation, prepared, strategy, why = "" }: Contender): Evaluation {
  if (evaluation !== undefined) return evaluation;
  const [first] = prepared?.fitting.flat() ?? [];
  if (first === undefined) throw new Error("a contender is evaluated or fits");
  return {
    candidate: {
      strategy,
      feasible: true,
      meetsSlo: false,
      isRuledOut: true,
      reasons: [why],
      violations: [],
      serving: first.serving,
      memory: memoryRow(first.memory, 0),
    },
    requirements: [],
    meanRequestMs: Number.POSITIVE_INFINITY,
  };
}
