import { configsOf } from "../catalog";
import { type Deployment, type DeploymentInput, parseDeployment } from "../config";
import { type Plan, plan as planOf } from "../strategy";

/** A deployment with its defaults filled in. Throws a `ConfigError` that names every problem of it. */
export const deploymentOf = (
  input: DeploymentInput | Deployment,
  overrides: readonly string[] = [],
): Deployment => parseDeployment(input, overrides);

/**
 * The plan of a deployment as a stack file has it (`{ model: { name }, hardware: { instanceType } }`), with overrides such as
 * `slo.decode.p99Ms=80`. A plan that misses a requirement says so in `checks` and `violations`; `assertPlan` throws for it.
 * A model that the catalogue lacks is asked of the hub. Throws a `UserError` for what cannot be read or planned.
 */
export function plan(input: DeploymentInput | Deployment, overrides: readonly string[] = []): Plan {
  const deployment = deploymentOf(input, overrides);
  return planOf(deployment, configsOf(deployment));
}
