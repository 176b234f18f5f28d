import { parse } from "yaml";
import type { ConfigProblem } from "./config-error";
import { childValue, deploymentNode, nodeAt, type PathSegment } from "./schema-node";

/** One `--set path=value`, taken apart. */
export interface Override {
  readonly text: string;
  readonly path: readonly PathSegment[];
  readonly value: unknown;
}

const SEGMENT = /^[A-Za-z][A-Za-z0-9_]*$|^\d+$/;

/**
 * Takes `path=value` texts apart. The path is dotted (`hosts.0.address`, also `hosts[0].address`); the value is YAML,
 * so `8`, `true`, `auto`, `[a, b]` and `{kind: fixed, tokens: 512}` work. An empty value removes the key.
 */
export function parseOverrides(texts: readonly string[]): {
  overrides: Override[];
  problems: ConfigProblem[];
} {
  const overrides: Override[] = [];
  const problems: ConfigProblem[] = [];
  for (const text of texts) {
    const parsed = parseOverride(text);
    if (typeof parsed === "string") problems.push({ where: `--set ${text}`, key: "", text: parsed });
    else overrides.push(parsed);
  }
  return { overrides, problems };
}

function parseOverride(text: string): Override | string {
  const equals = text.indexOf("=");
  if (equals < 1) return "write it as key=value, as in slo.decode.p99Ms=80";
  const dotted = text
    .slice(0, equals)
    .trim()
    .replace(/^shardplan:/, "")
    .replace(/\[(\d+)\]/g, ".$1");
  const segments = dotted.split(".");
  if (!segments.every((segment) => SEGMENT.test(segment))) {
    return `"${dotted}" is not a key; keys look like slo.decode.p99Ms`;
  }
  const path = segments.map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
  const raw = text.slice(equals + 1).trim();
  try {
    const value = parse(raw, { logLevel: "error" }) as unknown;
    // Numbers and booleans stay text: the schema says whether 0.10 is a number or a version.
    return { text, path, value: typeof value === "number" || typeof value === "boolean" ? raw : value };
  } catch {
    return "the value is not YAML; put it in quotes";
  }
}

/** `values` with the overrides set, in order; `values` itself is not changed. */
export function applyOverrides(values: unknown, overrides: readonly Override[]): unknown {
  return overrides.reduce<unknown>((result, { path, value }) => setAt(result, path, value, []), values);
}

function setAt(
  current: unknown,
  path: readonly PathSegment[],
  value: unknown,
  above: readonly PathSegment[],
): unknown {
  const [segment, ...rest] = path;
  if (segment === undefined) return value;
  const base = containerAt(current, above, segment);
  const next = setAt(childValue(base, segment), rest, value, [...above, segment]);
  if (Array.isArray(base)) {
    return [...base.slice(0, Number(segment)), next, ...base.slice(Number(segment) + 1)];
  }
  // Another kind of distribution has other keys: those of the old kind go.
  const kindChanges = segment === "kind" && childValue(base, "kind") !== next;
  return kindChanges ? { kind: next } : { ...base, [segment]: next };
}

/** What is there, or the schema's default, so that one key of a default can be changed alone. */
function containerAt(current: unknown, above: readonly PathSegment[], segment: PathSegment): object {
  if (typeof current === "object" && current !== null) return current;
  const fallback = nodeAt(deploymentNode(), above)?.default;
  if (typeof fallback === "object" && fallback !== null) return fallback;
  return typeof segment === "number" ? [] : {};
}
