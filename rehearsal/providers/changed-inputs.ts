import { isDeepStrictEqual } from "node:util";
import { unwrapSecrets } from "./secret-value";

/** A resource's properties as the engine sends them, secrets still wrapped. */
export type Properties = Record<string, unknown>;

/**
 * Names of the inputs that differ. `olds` is the resource's state, so it also holds outputs: only names that
 * are inputs now, or are listed in `inputNames`, are compared. The engine's own `__defaults` are left out, or
 * every second `up` would show an update.
 */
export function changedInputs(
  olds: Properties,
  news: Properties,
  inputNames: readonly string[] = [],
): string[] {
  const names = new Set([...Object.keys(news), ...inputNames]);
  names.delete("__defaults");
  return [...names].filter((name) => !isDeepStrictEqual(plain(olds[name]), plain(news[name])));
}

function plain(value: unknown): unknown {
  return withoutDefaults(unwrapSecrets(value)) ?? undefined;
}

function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key, inner]) => key !== "__defaults" && inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutDefaults(inner)]));
}
