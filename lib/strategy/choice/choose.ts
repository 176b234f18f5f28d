import type { Deployment } from "../../config";
import { matchesPins } from "../candidates/enumerate";
import type { Evaluation } from "../candidates/evaluation";
import { complexity } from "../figures/complexity";
import { toCheck } from "../requirements/requirement";

/** Differences below this are within the search's own error and no reason for a more complicated strategy. */
export const WORTH_IT = 0.03;

/** Highest rate of a candidate within every requirement, requests per second over all replicas; 0 when it has none. */
export const highestRate = ({ candidate }: Evaluation): number =>
  candidate.throughput?.highestRequestRate ?? 0;

/** What is minimised. Feasible candidates only. */
function score(evaluation: Evaluation, objective: Deployment["strategy"]["objective"]): number {
  const { candidate, meanRequestMs } = evaluation;
  switch (objective) {
    case "latency":
      return meanRequestMs;
    case "throughput":
      return 1 / highestRate(evaluation);
    case "goodput":
    case "cost":
      // Without a price all candidates cost the same per hour: the cheapest token is the one of the highest rate.
      return candidate.costUsdPerMillionOutputTokens ?? 1 / highestRate(evaluation);
  }
}

/** Farther than any target that is missed: a queue that grows has no latency that could be held against one. */
const OVERLOAD = 1e3;

/** How far a candidate is from meeting everything: the sum of relative distances of its failed requirements. */
function distance({ requirements, candidate }: Evaluation): number {
  return requirements
    .map(toCheck)
    .filter(({ pass }) => !pass)
    .reduce(
      (sum, { margin, limit }) => {
        const relative = Math.abs(margin / (limit || 1));
        return sum + (Number.isFinite(relative) ? Math.min(relative, 1e3) : 1e3);
      },
      candidate.feasible && candidate.latency === undefined ? OVERLOAD : 0,
    );
}

/** The best by a score: of those within its error, the one with the fewest parts. */
function bestBy(
  evaluations: readonly Evaluation[],
  scoreOf: (evaluation: Evaluation) => number,
): Evaluation | undefined {
  const scores = evaluations.map(scoreOf);
  const close = Math.min(...scores) * (1 + WORTH_IT);
  const nearBest = evaluations.filter((_, index) => (scores[index] ?? Number.POSITIVE_INFINITY) <= close);
  return minimum(
    nearBest,
    (evaluation) => complexity(evaluation.candidate.strategy) * 1e6 + scoreOf(evaluation),
  );
}

function minimum(
  evaluations: readonly Evaluation[],
  rank: (evaluation: Evaluation) => number,
): Evaluation | undefined {
  let best: { evaluation: Evaluation; rank: number } | undefined;
  for (const evaluation of evaluations) {
    const own = rank(evaluation);
    if (best === undefined || own < best.rank) best = { evaluation, rank: own };
  }
  return best?.evaluation;
}

/**
 * The best of the evaluations: among those that meet every requirement, by the objective; asked for more than any
 * sustains, the one that sustains most; else the feasible one that is nearest to meeting everything; else the nearest of
 * all. The list must not be empty.
 */
export function chooseBest(evaluations: readonly Evaluation[], deployment: Deployment): Evaluation {
  const { strategy, workload } = deployment;
  const meeting = evaluations.filter(({ candidate }) => candidate.meetsSlo);
  const feasible = evaluations.filter(({ candidate }) => candidate.feasible);
  const sustaining = feasible.filter((evaluation) => highestRate(evaluation) > 0);
  const isTooMuch = sustaining.every((evaluation) => highestRate(evaluation) < workload.requestRate);
  const best =
    bestBy(meeting, (evaluation) => score(evaluation, strategy.objective)) ??
    (isTooMuch ? bestBy(sustaining, (evaluation) => 1 / highestRate(evaluation)) : undefined) ??
    minimum(feasible, distance) ??
    minimum(evaluations, distance);
  if (best === undefined) throw new Error("no candidate to choose from");
  return best;
}

/** The chosen evaluation within the pins, and the one that the planner would choose without them. */
export function choose(
  evaluations: readonly Evaluation[],
  deployment: Deployment,
): { readonly chosen: Evaluation; readonly recommended: Evaluation } {
  const allowed = evaluations.filter(({ candidate }) => matchesPins(candidate.strategy, deployment));
  return { chosen: chooseBest(allowed, deployment), recommended: chooseBest(evaluations, deployment) };
}
