import type { Deployment } from "../config";
import { assemblePlan } from "./assemble-plan";
import { enumerateStrategies } from "./candidates/enumerate";
import { contestWithRunnersUp, enterContest, holdContest } from "./choice/contest";
import { settleContest } from "./choice/settle-choice";
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

/** The steps of planning, in order. With `isChoiceAlone` nothing is searched merely to be shown beside what is chosen. */
export function planSituation(situation: Situation, { isChoiceAlone = false } = {}): Plan {
  const contenders = enterContest(situation, enumerateStrategies(situation));
  const contest = isChoiceAlone ? holdContest : contestWithRunnersUp;
  const { settled, choice } = settleContest(situation, contenders, contest);
  return assemblePlan(situation, settled, choice);
}
