import { type DeploymentInput, parseDeployment } from "../../../lib/config";
import type { Plan } from "../../../lib/strategy";
import { pinnedPlan } from "../strategy/pinned-plan";

const made = new Map<string, Plan>();

/**
 * A real plan of the reference deployment, or of what `changes` make of it. Few simulated requests and no other strategies
 * keep it quick; a plan cannot be changed, so the same changes give the same one.
 */
export function planOf(changes: DeploymentInput = {}): Plan {
  parseDeployment(changes);
  const question = JSON.stringify(changes);
  const plan =
    made.get(question) ??
    pinnedPlan({ ...changes, workload: { simulatedRequests: 100, ...changes.workload } });
  made.set(question, plan);
  return plan;
}
