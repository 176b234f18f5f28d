import type { Deployment } from "../../config";
import type { Evaluation } from "../candidates/evaluation";
import { complexity } from "../figures/complexity";
import { countText, excessText, msText, rateText } from "../figures/quantity-text";
import { sameStrategy, strategyLabel } from "../figures/strategy-label";
import type { Candidate } from "../types";

/** Two strategies that the model cannot tell apart: the one with fewer parts wins, then the one that comes out ahead. */
function tieText(best: Evaluation, other: Evaluation): string {
  const name = strategyLabel(best.candidate.strategy);
  return complexity(best.candidate.strategy) < complexity(other.candidate.strategy)
    ? `That is no gain beyond the model's error, and ${name} has fewer parts.`
    : "That is no difference beyond the model's error.";
}

/** Why `other` is worse than `best` for the objective, with numbers. */
function lossSentence(
  best: Evaluation,
  other: Evaluation,
  objective: Deployment["strategy"]["objective"],
): string {
  const name = strategyLabel(best.candidate.strategy);
  if (objective === "latency") {
    const slower = other.meanRequestMs / best.meanRequestMs;
    return slower < 1.02
      ? `A mean request takes ${msText(other.meanRequestMs)} against ${msText(best.meanRequestMs)} with ${name}. ${tieText(best, other)}`
      : `A mean request takes ${msText(other.meanRequestMs)}, ${excessText(slower)} the ${msText(best.meanRequestMs)} of ${name}.`;
  }
  const own = other.candidate.throughput?.highestRequestRate ?? 0;
  const most = best.candidate.throughput?.highestRequestRate ?? 0;
  return own >= most
    ? `It sustains ${rateText(own)} against ${rateText(most)} of ${name}. ${tieText(best, other)}`
    : `It sustains ${rateText(own)} within the targets, and ${name} sustains ${rateText(most)}${own > 0 ? `, ${excessText(most / own)} that` : ""}.`;
}

/** Adds to each candidate why it is not the best one: its violations come first, then the objective, then the bottleneck. */
export function explainLosses(
  evaluations: readonly Evaluation[],
  best: Evaluation,
  objective: Deployment["strategy"]["objective"],
): Candidate[] {
  return evaluations.map((evaluation) => {
    const { candidate } = evaluation;
    if (!candidate.feasible || sameStrategy(candidate.strategy, best.candidate.strategy)) return candidate;
    const loses = candidate.meetsSlo ? [lossSentence(best, evaluation, objective)] : [];
    const bottleneck = candidate.bottleneck
      ? [`What slows it down most is that ${candidate.bottleneck.sentence}.`]
      : [];
    return { ...candidate, reasons: [...candidate.reasons, ...loses, ...bottleneck] };
  });
}

const goal = {
  latency: "the shortest mean request",
  goodput: "the highest rate per dollar",
  throughput: "the highest rate",
  cost: "the cheapest token",
} as const;

function figures({ candidate, meanRequestMs }: Evaluation): string {
  const rate = candidate.throughput?.highestRequestRate ?? 0;
  return `mean request ${msText(meanRequestMs)}, ${rateText(rate)} within the targets`;
}

/** What the load makes of a strategy that can run. */
function standing(evaluation: Evaluation): string {
  const { candidate } = evaluation;
  const most = candidate.throughput?.saturatedRequestRate ?? 0;
  if (candidate.latency === undefined) return `is overloaded: it serves at most ${rateText(most)}`;
  return `has ${figures(evaluation)}${candidate.meetsSlo ? "" : " and misses requirements"}`;
}

/** What the planner would choose by itself, and why, in one sentence. */
export function recommend(
  chosen: Evaluation,
  recommended: Evaluation,
  { deployment, count }: { deployment: Deployment; count: number },
): string {
  const { objective } = deployment.strategy;
  const name = strategyLabel(recommended.candidate.strategy);
  const same = sameStrategy(chosen.candidate.strategy, recommended.candidate.strategy);
  if (!recommended.candidate.meetsSlo) {
    return `${count === 1 ? "the only strategy misses a requirement" : `none of the ${countText(count)} strategies meets every requirement`}; ${name} comes nearest${recommended.candidate.feasible ? "" : " and cannot run"}`;
  }
  const reason =
    count === 1
      ? `${name} is the only strategy, and it meets every requirement (${figures(recommended)})`
      : `of the ${countText(count)} strategies that were planned, ${name} has ${goal[objective]} within every requirement (${figures(recommended)})`;
  if (same) return reason;
  const pinned = strategyLabel(chosen.candidate.strategy);
  const against = chosen.candidate.feasible
    ? `the pinned ${pinned} ${standing(chosen)}`
    : `the pinned ${pinned} cannot run`;
  return `${reason}; ${against}`;
}
