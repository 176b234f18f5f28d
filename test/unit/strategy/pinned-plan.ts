import type { DeploymentInput } from "../../../lib/config";
import type { Plan } from "../../../lib/strategy";
import { assemblePlan } from "../../../lib/strategy/assemble-plan";
import { enumerateStrategies, matchesPins } from "../../../lib/strategy/candidates/enumerate";
import { evaluateCandidate } from "../../../lib/strategy/candidates/evaluate-candidate";
import { settleChoice } from "../../../lib/strategy/choice/settle-choice";
import { type PlanOptions, readSituation } from "../../../lib/strategy/situation";
import { aDeployment, referencePins } from "./a-deployment";

/** The plan of one strategy (TP8 unless changed), without what the planner would have chosen: an eighth of the time. */
export function pinnedPlan(change: DeploymentInput, options: PlanOptions = {}): Plan {
  const deployment = aDeployment({ ...change, strategy: { ...referencePins, ...change.strategy } });
  const situation = readSituation(deployment, options);
  const strategies = enumerateStrategies(situation).filter((one) => matchesPins(one, deployment));
  const evaluations = strategies.map((strategy) => evaluateCandidate(situation, strategy));
  const { settled, choice } = settleChoice(situation, evaluations);
  return assemblePlan(situation, settled, choice);
}
