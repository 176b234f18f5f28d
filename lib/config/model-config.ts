import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Deployment } from "./schema";
import { UserError } from "./user-error";
import { whyUnreadable } from "./why-unreadable";

/** Python writes Infinity into JSON, where none is allowed; no figure of a plan is infinite, so null serves. */
const INFINITY = /(?<=[[,:]\s*)-?Infinity(?=\s*[,\]}])/g;

const readJson = (path: string): unknown =>
  JSON.parse(readFileSync(path, "utf8").replace(INFINITY, "null")) as unknown;

/**
 * Parsed content of the config.json that `model.configPath` (or `where`) names; undefined when none is named.
 * Throws a `UserError` when the file cannot be read or is not JSON.
 */
export function readModelConfigFile(
  { configPath }: Pick<Deployment["model"], "configPath">,
  where = "model.configPath",
): unknown {
  if (configPath === undefined) return undefined;
  try {
    const config = readJson(configPath);
    // ModelOpt before 0.31 wrote the quantisation beside the config.json.
    const beside = join(dirname(configPath), "hf_quant_config.json");
    if (typeof config !== "object" || config === null || !existsSync(beside)) return config;
    return { ...config, hf_quant_config: readJson(beside) };
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? "is not JSON" : whyUnreadable(cause);
    throw new UserError({
      code: "model-config",
      where,
      message: `${configPath}: ${reason}`,
      hint: "give the path of the model's Hugging Face config.json; a stack file's counts from its own folder",
      cause,
    });
  }
}
