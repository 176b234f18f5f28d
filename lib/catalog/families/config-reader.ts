import { UserError } from "../../config";

/** The keys of a config.json as found: text and numbers of any model. */
export type RawConfig = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is RawConfig =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const CHECK = "check the config.json of the model repository";

/** A config.json that cannot be planned, with the reason. */
export function refuseConfig(message: string, hint = CHECK): UserError {
  return new UserError({ code: "model-config", where: "model.configPath", message, hint });
}

/**
 * Largest value of a key that is taken for what it says: some times the largest published one (126 layers, 512 experts,
 * 262 208 tokens of vocabulary, 10 485 760 positions). A slip of the pen would take all memory, or a minute.
 */
export function mostOf(key: string): number {
  if (/layers|depth/.test(key)) return 1000;
  if (/heads|experts/.test(key)) return 10_000;
  return /position|window|chunk/.test(key) ? 100_000_000 : 2_000_000;
}

/** A whole number above 0 under the first of `keys` that is there, else `fallback`. Throws a UserError when neither is. */
export function count(config: RawConfig, keys: string | readonly string[], fallback?: number): number {
  const found = countIf(config, keys) ?? fallback;
  if (found !== undefined) return found;
  throw refuseConfig(
    `not a config.json of a decoder-only transformer: ${[keys].flat()[0]} is missing`,
    "give the config.json of the model repository",
  );
}

/** As `count`, and undefined where none of `keys` is there. */
export function countIf(config: RawConfig, keys: string | readonly string[]): number | undefined {
  for (const key of [keys].flat()) {
    const value = config[key];
    if (value === undefined || value === null) continue;
    const most = mostOf(key);
    if (typeof value === "number" && Number.isInteger(value) && value > 0 && value <= most) return value;
    throw refuseConfig(`${key} must be a whole number ${Number(value) > most ? `up to ${most}` : "above 0"}`);
  }
  return undefined;
}

/** As `count`, and 0 where the key is missing, null or 0. */
export const countOrZero = (config: RawConfig, key: string): number =>
  config[key] === 0 ? 0 : (countIf(config, key) ?? 0);

/** What stands under `key`; undefined where it is missing or null. Throws a UserError for what is no `kind`: passed over, it would be another model. */
function stated<T>(
  config: RawConfig,
  key: string,
  isKind: (value: unknown) => value is T,
  kind: string,
): T | undefined {
  const value = config[key];
  if (value === undefined || value === null) return undefined;
  if (isKind(value)) return value;
  throw refuseConfig(`${key} must be ${kind}`);
}

export const flag = (config: RawConfig, key: string, fallback = false): boolean =>
  stated(config, key, (value) => typeof value === "boolean", "true or false") ?? fallback;

export const list = (config: RawConfig, key: string): readonly unknown[] | undefined =>
  stated(config, key, (value): value is readonly unknown[] => Array.isArray(value), "a list");

export const words = (config: RawConfig, key: string): string | undefined =>
  stated(config, key, (value) => typeof value === "string", "text");

/** A part of a config.json that has keys of its own. */
export const part = (config: RawConfig, key: string): RawConfig | undefined =>
  stated(config, key, isObject, "an object");
