import { configsOf } from "../catalog";
import { type Deployment, type DeploymentInput, UserError } from "../config";
import {
  type LongestContext,
  longestContext as longestContextOf,
  type MaxRate,
  maxRate as maxRateOf,
  type RecommendOptions,
  readSituation,
  type Situation,
  type SmallestGpu,
  smallestGpu as smallestGpuOf,
  tryMachines,
} from "../strategy";
import { deploymentOf } from "./plan";

const situationOf = (deployment: Deployment): Situation => readSituation(deployment, configsOf(deployment));

/**
 * The longest context that a deployment's machines hold: with which vLLM starts, and with which a plan meets every requirement
 * at the deployment's rate. Its `envelope.maxModelLen` is passed over. Takes seconds. Throws a `UserError` for what cannot be
 * read or planned.
 */
export function longestContext(input: DeploymentInput, overrides: readonly string[] = []): LongestContext {
  const deployment = deploymentOf(input, overrides);
  const configs = configsOf(deployment);
  const { model } = readSituation(deployment, configs);
  const withLength = (tokens: number): Situation | undefined => {
    try {
      // Read anew: the length decides how far the lengths of the load's requests reach.
      return readSituation(deploymentOf(input, [...overrides, `envelope.maxModelLen=${tokens}`]), configs);
    } catch (error) {
      // The load's own requests do not fit.
      if (error instanceof UserError) return undefined;
      throw error;
    }
  };
  return longestContextOf(withLength, model.maxPositionEmbeddings);
}

/**
 * The highest rate that a deployment's machines serve within its targets, with the plan that does it (its objective is
 * throughput); undefined where no rate passes. Throws a `UserError` for what cannot be read or planned.
 */
export const maxRate = (
  input: DeploymentInput | Deployment,
  overrides: readonly string[] = [],
): MaxRate | undefined => maxRateOf(situationOf(deploymentOf(input, overrides)));

/**
 * The single machine of the catalogue with the least GPU memory on which a deployment's model meets its targets at its rate;
 * what the deployment says of hardware is passed over. Undefined where none passes. Takes seconds. Throws a `UserError` for
 * what cannot be read or planned.
 */
export async function smallestGpu(
  input: DeploymentInput | Deployment,
  options: Omit<RecommendOptions, "cheapestOnly"> = {},
): Promise<SmallestGpu | undefined> {
  const situation = situationOf(deploymentOf(input));
  return smallestGpuOf(situation, async (machines) => tryMachines(situation, machines), options);
}
