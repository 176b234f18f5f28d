import { isAbsolute, join } from "node:path";
import type { Deployment } from "./schema";

/** The deployment with a relative `model.configPath` taken from `folder`, the folder of the stack file. */
export function resolveConfigPath(deployment: Deployment, folder: string): Deployment {
  const { configPath } = deployment.model;
  if (configPath === undefined || isAbsolute(configPath)) return deployment;
  return { ...deployment, model: { ...deployment.model, configPath: join(folder, configPath) } };
}
