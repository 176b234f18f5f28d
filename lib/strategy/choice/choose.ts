import type { Deployment } from "../../config";
import { matchesPins } from "../candidates/enumerate";
import type { Evaluation } from "../candidates/evaluation";
import { toCheck } from "../requirements/requirement";
import type { Strategy } from "../types";

/** Differences below this are within the model's own error and no reason for a more complicated strategy. */
const WORTH_IT = 0.02;

/** What is minimised. Feasible candidates only. */
function score(
  { candidate, meanRequestMs }: Evaluation,
  objective: Deployment["strategy"]["objective"],
): number {
  switch (objective) {
    case "latency":
      return meanRequestMs;
    case "throughput":
      return 1 / (candidate.throughput?.sustainableRequestRate ?? 0);
    case "cost":
      // Without a price all candidates cost the same per hour: the cheapest token is the one of the highest rate.
      return (
        candidate.costUsdPerMillionOutputTokens ?? 1 / (candidate.throughput?.sustainableRequestRate ?? 0)
      );
  }
}

/** Parts that a strategy adds to plain tensor parallelism in one replica: each is one more thing that can break. */
export function complexity({
  pipelineParallel,
  expertParallel,
  sequenceParallel,
  dataParallel,
}: Strategy): number {
  const used = [sequenceParallel > 1, expertParallel > 1, pipelineParallel > 1, dataParallel > 1];
  return used.reduce((sum, on, weight) => sum + (on ? 8 / 2 ** weight : 0), 0);
}

/** Farther than any target that is missed: a queue that grows has no latency that could be held against one. */
const OVERLOAD = 1e3;

/** How far a candidate is from meeting everything: the sum of relative distances of its failed requirements. */
function distance({ requirements, result }: Evaluation): number {
  return requirements
    .map(toCheck)
    .filter(({ pass }) => !pass)
    .reduce(
      (sum, { margin, limit }) => {
        const relative = Math.abs(margin / (limit || 1));
        return sum + (Number.isFinite(relative) ? Math.min(relative, 1e3) : 1e3);
      },
      result?.stable === false ? OVERLOAD : 0,
    );
}

function bestOf(
  evaluations: readonly Evaluation[],
  objective: Deployment["strategy"]["objective"],
): Evaluation | undefined {
  const meeting = evaluations.filter(({ candidate }) => candidate.meetsSlo);
  const scores = meeting.map((evaluation) => score(evaluation, objective));
  const close = Math.min(...scores) * (1 + WORTH_IT);
  const nearBest = meeting.filter((_, index) => (scores[index] ?? Number.POSITIVE_INFINITY) <= close);
  const rank = (evaluation: Evaluation) =>
    complexity(evaluation.candidate.strategy) * 1e6 + score(evaluation, objective);
  return minimum(nearBest, rank);
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
 * The best of the evaluations for the objective: among those that meet every requirement; else the feasible one that is
 * nearest to it; else the nearest of all. The list must not be empty.
 */
export function chooseBest(
  evaluations: readonly Evaluation[],
  objective: Deployment["strategy"]["objective"],
): Evaluation {
  const feasible = evaluations.filter(({ candidate }) => candidate.feasible);
  const best =
    bestOf(evaluations, objective) ?? minimum(feasible, distance) ?? minimum(evaluations, distance);
  if (best === undefined) throw new Error("no candidate to choose from");
  return best;
}

/** The chosen evaluation within the pins, and the one that the planner would choose without them. */
export function choose(
  evaluations: readonly Evaluation[],
  deployment: Deployment,
): { readonly chosen: Evaluation; readonly recommended: Evaluation } {
  const { objective } = deployment.strategy;
  const allowed = evaluations.filter(({ candidate }) => matchesPins(candidate.strategy, deployment));
  return { chosen: chooseBest(allowed, objective), recommended: chooseBest(evaluations, objective) };
}
