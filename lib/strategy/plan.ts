import type { Deployment } from "../config";
import { assemblePlan } from "./assemble-plan";
import { enumerateStrategies } from "./candidates/enumerate";
import { evaluateCandidate } from "./candidates/evaluate-candidate";
import { settleChoice } from "./choice/settle-choice";
import { type PlanOptions, readSituation, type Situation } from "./situation";
import type { Plan } from "./types";

/**
 * Plans a deployment: enumerates every strategy, fits it into memory, tunes its serving parameters, simulates it, holds
 * it against every requirement and chooses.
 *
 * Pure and deterministic: the same deployment gives the same plan to the last byte. Never throws for a strategy that
 * does not work; such a plan carries its violations (see assertPlan). Throws a UserError only for names that the
 * catalogue does not know or a model config that cannot be read.
 */
export function plan(deployment: Deployment, options: PlanOptions = {}): Plan {
  return planSituation(readSituation(deployment, options));
}

/** The steps of planning, in order. */
export function planSituation(situation: Situation): Plan {
  const strategies = enumerateStrategies(situation);
  const evaluations = strategies.map((strategy) => evaluateCandidate(situation, strategy));
  const { settled, choice } = settleChoice(situation, evaluations);
  return assemblePlan(situation, settled, choice);
}
