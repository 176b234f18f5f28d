import { UserError } from "../../config";

/** The keys of a config.json as found: text and numbers of any model. */
export type RawConfig = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is RawConfig =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A config.json that cannot be planned, with the reason. */
export function refuseConfig(message: string, hint: string): UserError {
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
  for (const key of [keys].flat()) {
    const value = config[key];
    if (value === undefined || value === null) continue;
    const most = mostOf(key);
    if (typeof value === "number" && Number.isInteger(value) && value > 0 && value <= most) return value;
    throw refuseConfig(
      `${key} must be a whole number ${Number(value) > most ? `up to ${most}` : "above 0"}`,
      "check the config.json of the model repository",
    );
  }
  if (fallback !== undefined) return fallback;
  throw refuseConfig(
    `not a config.json of a decoder-only transformer: ${[keys].flat()[0]} is missing`,
    "give the config.json of the model repository",
  );
}

/** As `count`, and 0 where the key is missing, null or 0. */
export const countOrZero = (config: RawConfig, key: string): number =>
  config[key] === 0 ? 0 : count({ [key]: config[key] }, key, Number.MIN_VALUE) | 0;

export const flag = (config: RawConfig, key: string, fallback = false): boolean =>
  typeof config[key] === "boolean" ? config[key] : fallback;

export const list = (config: RawConfig, key: string): readonly unknown[] | undefined =>
  Array.isArray(config[key]) ? config[key] : undefined;

export const words = (config: RawConfig, key: string): string | undefined =>
  typeof config[key] === "string" ? config[key] : undefined;
