import * as pulumi from "@pulumi/pulumi";
import { type Deployment, readModelConfigFile } from "../lib/config";
import { assertPlan, type Plan, PlanError, plan as planDeployment } from "../lib/strategy";
import { orRunError } from "./run-error";

/**
 * The plan, asserted. Called before the first resource is registered: when a requirement is violated the program
 * ends here, with one line per violation, and the diff holds nothing.
 */
export function planOrFail(deployment: Deployment): Plan {
  return orRunError(() => {
    try {
      return assertPlan(planDeployment(deployment, { modelConfig: readModelConfigFile(deployment) }));
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      throw new pulumi.RunError(
        ["the plan does not meet its requirements, so nothing is registered:", ...error.lines].join("\n  "),
      );
    }
  });
}
