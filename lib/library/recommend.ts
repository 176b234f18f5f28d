import { configsOf } from "../catalog";
import type { Deployment, DeploymentInput } from "../config";
import {
  type Recommended,
  type RecommendOptions,
  readSituation,
  recommend as recommendMachines,
  tryMachines,
} from "../strategy";
import { deploymentOf } from "./plan";

/**
 * The machines of the catalogue on which a deployment's model meets its targets at its rate, the cheapest first; what the
 * deployment says of hardware is passed over. Takes seconds. Throws a `UserError` for what cannot be read or planned.
 */
export async function recommend(
  input: DeploymentInput | Deployment,
  options: RecommendOptions = {},
): Promise<Recommended> {
  const deployment = deploymentOf(input);
  const situation = readSituation(deployment, configsOf(deployment));
  return recommendMachines(
    { situation, tries: async (machines) => tryMachines(situation, machines) },
    options,
  );
}
