import { type DeploymentInput, parseDeployment } from "../../../lib/config";
import { type Plan, plan } from "../../../lib/strategy";

/** A real plan of the reference deployment, or of what `changes` make of it; few simulated requests keep it quick. */
export function planOf(changes: DeploymentInput = {}): Plan {
  const pinned = {
    tensorParallel: 8,
    pipelineParallel: 1,
    dataParallel: 1,
    expertParallel: 1,
    sequenceParallel: 1,
  };
  return plan(
    parseDeployment({
      ...changes,
      strategy: { ...pinned, ...changes.strategy },
      workload: { simulatedRequests: 100, ...changes.workload },
    }),
  );
}
