import { isAbsolute, join } from "node:path";
import type { Deployment } from "./schema";

function fromFolder<Named extends { readonly configPath?: string | undefined }>(
  named: Named,
  folder: string,
): Named {
  const { configPath } = named;
  if (configPath === undefined || isAbsolute(configPath)) return named;
  return { ...named, configPath: join(folder, configPath) };
}

/** The deployment with relative paths of config.json files taken from `folder`, the folder of the stack file. */
export function resolveConfigPath(deployment: Deployment, folder: string): Deployment {
  const { model, serving } = deployment;
  const { speculative } = serving;
  return {
    ...deployment,
    model: fromFolder(model, folder),
    serving: { ...serving, speculative: fromFolder(speculative, folder) },
  };
}
