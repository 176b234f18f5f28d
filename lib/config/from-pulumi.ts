import type { ConfigProblem } from "./config-error";
import { resolveConfigPath } from "./config-path";
import { parseSections } from "./parse-deployment";
import type { Deployment } from "./schema";
import { NAMESPACE, SECRET_KEYS, SECTIONS } from "./sections";
import { unknownSection } from "./stack-file";

/** What of Pulumi's configuration is needed beside the getter. */
export interface PulumiConfigOptions {
  /** `--set` texts. */
  readonly overrides?: readonly string[];
  /** All keys that the stack sets (`shardplan:model`, `aws:region`, ...), so that a mistyped section is refused. */
  readonly keys?: readonly string[];
  /** Folder of the stack file, from which a relative `model.configPath` is taken. Default: the current one. */
  readonly folder?: string;
}

/**
 * The deployment within the Pulumi engine: `get` returns a section's value (`config.get` gives JSON text,
 * `config.getObject` the object; both do). Gives the same object as `readStackFile` on the same stack,
 * and throws the same `ConfigError`.
 */
export function deploymentFromPulumi(
  get: (section: string) => unknown,
  options: PulumiConfigOptions = {},
): Deployment {
  const where = "stack configuration";
  const values = Object.fromEntries(SECTIONS.map((section) => [section, get(section)]));
  const problems = unknownKeys(options.keys ?? [], where);
  const deployment = parseSections({ values, problems, where }, options.overrides ?? []);
  return resolveConfigPath(deployment, options.folder ?? ".");
}

function unknownKeys(keys: readonly string[], where: string): ConfigProblem[] {
  return keys
    .filter((key) => key.startsWith(`${NAMESPACE}:`))
    .map((key) => key.slice(NAMESPACE.length + 1))
    .filter((name) => !SECTIONS.includes(name) && !SECRET_KEYS.includes(name))
    .map((name) => ({ where, key: `${NAMESPACE}:${name}`, text: unknownSection(name) }));
}
