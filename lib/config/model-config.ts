import { readFileSync } from "node:fs";
import type { Deployment } from "./schema";
import { UserError } from "./user-error";

/**
 * Parsed content of the config.json that `model.configPath` names; undefined when the model is one of the catalogue.
 * Throws a `UserError` when the file cannot be read or is not JSON.
 */
export function readModelConfigFile({ model: { configPath } }: Deployment): unknown {
  if (configPath === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(configPath, "utf8")) as unknown;
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? "is not JSON" : "cannot be read";
    throw new UserError({
      code: "model-config",
      where: "model.configPath",
      message: `${configPath} ${reason}`,
      hint: "give the path of the model's Hugging Face config.json; a stack file's counts from its own folder",
      cause,
    });
  }
}
