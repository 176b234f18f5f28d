import { modelConfigOf } from "../catalog";
import type { Deployment, DeploymentInput } from "../config";
import { type Recommended, readSituation, recommend as recommendMachines, tryMachines } from "../strategy";
import { deploymentOf } from "./plan";

export interface RecommendOptions {
  /** Prices in USD per hour by instance type, spot or reserved, in place of the catalogue's. */
  readonly prices?: Readonly<Record<string, number>>;
  /** Only the cheapest machines, without those of other GPUs. */
  readonly cheapestOnly?: boolean;
  /** Hears what is being tried. */
  readonly onProgress?: (text: string) => void;
}

/**
 * The machines of the catalogue on which a deployment's model meets its targets at its rate, the cheapest first; what the
 * deployment says of hardware is passed over. Takes seconds. Throws a `UserError` for what cannot be read or planned.
 */
export async function recommend(
  input: DeploymentInput | Deployment,
  options: RecommendOptions = {},
): Promise<Recommended> {
  const deployment = deploymentOf(input);
  const modelConfig = modelConfigOf(deployment);
  const { prices = {}, cheapestOnly = false, onProgress = () => {} } = options;
  const situation = readSituation(deployment, { modelConfig });
  return recommendMachines(
    { situation, tries: async (machines) => tryMachines(situation, machines) },
    { prices, cheapestOnly, onProgress },
  );
}
