import { findModel } from "../../../lib/catalog";
import { type Deployment, type DeploymentInput, deploymentSchema } from "../../../lib/config";

/** TP 8 and nothing else: the strategy of the reference document. */
export const referencePins = {
  tensorParallel: 8,
  pipelineParallel: 1,
  dataParallel: 1,
  expertParallel: 1,
  sequenceParallel: 1,
} as const;

/**
 * The documented defaults (Llama-3-70B in BF16 on one p5.48xlarge, 8 requests/s, strategy auto) with what a test
 * changes, simulated with few requests so that a test takes milliseconds.
 */
export function aDeployment(change: DeploymentInput = {}): Deployment {
  return deploymentSchema.parse({ ...change, workload: { simulatedRequests: 300, ...change.workload } });
}

/** The same with the precision that a quantised checkpoint is stored in, where it is not one that may be asked for. */
export function asStored(change: DeploymentInput): DeploymentInput {
  const { checkpoint } = findModel(change.model?.name ?? "");
  const isFp8 = Object.values(checkpoint?.formats ?? {}).some((format) => format.startsWith("fp8"));
  return !checkpoint || isFp8 ? change : { ...change, model: { ...change.model, precision: "bf16" } };
}
