import type { ConfigProblem } from "./config-error";
import { resolveConfigPath } from "./config-path";
import { parseSections } from "./parse-deployment";
import type { Deployment } from "./schema";
import { NAMESPACE, SECRET_KEYS, SECTIONS } from "./sections";
import { NOTHING_ASKED, plainSecret, unknownSection } from "./stack-keys";

/** What of Pulumi's configuration is needed beside the getter. */
export interface PulumiConfigOptions {
  /** `--set` texts. */
  readonly overrides?: readonly string[];
  /** All keys that the stack sets (`shardplan:model`, `aws:region`, ...), so that a mistyped section is refused. */
  readonly keys?: readonly string[];
  /** Of `keys`, those whose value is encrypted. */
  readonly secretKeys?: readonly string[];
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
  const problems = [
    ...nothingAsked(options, where),
    ...plainSecrets(options, where),
    ...unknownKeys(options.keys ?? [], where),
  ];
  const deployment = parseSections({ values, problems, where }, options.overrides ?? []);
  return resolveConfigPath(deployment, options.folder ?? ".");
}

/** A stack that says nothing of the program gets no machines of a default that nobody asked for. */
function nothingAsked({ keys, overrides = [] }: PulumiConfigOptions, where: string): ConfigProblem[] {
  if (keys === undefined || overrides.length > 0) return [];
  const isAsked = keys.some(
    (key) => key.startsWith(`${NAMESPACE}:`) && !SECRET_KEYS.includes(key.slice(NAMESPACE.length + 1)),
  );
  return isAsked ? [] : [{ where, key: "", text: NOTHING_ASKED }];
}

function plainSecrets({ keys = [], secretKeys }: PulumiConfigOptions, where: string): ConfigProblem[] {
  if (secretKeys === undefined) return [];
  return SECRET_KEYS.map((name) => ({ name, key: `${NAMESPACE}:${name}` }))
    .filter(({ key }) => keys.includes(key) && !secretKeys.includes(key))
    .map(({ name, key }) => ({ where, key, text: plainSecret(name) }));
}

function unknownKeys(keys: readonly string[], where: string): ConfigProblem[] {
  return keys
    .filter((key) => key.startsWith(`${NAMESPACE}:`))
    .map((key) => key.slice(NAMESPACE.length + 1))
    .filter((name) => !SECTIONS.includes(name) && !SECRET_KEYS.includes(name))
    .map((name) => ({ where, key: `${NAMESPACE}:${name}`, text: unknownSection(name) }));
}
