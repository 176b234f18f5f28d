import { coerce } from "./coerce";
import { ConfigError, type ConfigProblem } from "./config-error";
import { crossCheck } from "./cross-checks";
import { cutTails } from "./cut-tails";
import { explainIssues, type Origin, whereOf } from "./explain-issues";
import { withMedianTargets } from "./median-targets";
import { applyOverrides, parseOverrides } from "./overrides";
import { type Deployment, deploymentSchema } from "./schema";
import { childValue, deploymentNode, type PathSegment } from "./schema-node";

/**
 * Makes a complete deployment of what a user wrote: sections by name, every key optional, numbers and booleans also
 * as text. `overrides` are `--set` texts (`slo.decode.p99Ms=80`), `where` names the source in messages.
 * Throws one `ConfigError` that holds every problem. Lognormal lengths come back with an end that fits maxModelLen.
 */
export function parseDeployment(
  values: unknown,
  overrides: readonly string[] = [],
  where = "configuration",
): Deployment {
  return parseSections({ values, problems: [], where }, overrides);
}

/** Sections as they were found, and what was wrong before their content was looked at. */
export interface FoundSections {
  readonly values: unknown;
  readonly problems: readonly ConfigProblem[];
  readonly where: string;
}

/** `parseDeployment` for readers that have problems of their own to report with the others. */
export function parseSections(found: FoundSections, overrides: readonly string[]): Deployment {
  const parsedOverrides = parseOverrides(overrides);
  const written = coerce(applyOverrides(found.values ?? {}, parsedOverrides.overrides), deploymentNode());
  const input = withMedianTargets(written, parsedOverrides.overrides);
  const origin: Origin = { values: input, overrides: parsedOverrides.overrides, where: found.where };
  const parsed = deploymentSchema.safeParse(input);
  const structural = parsed.success ? [] : explainIssues(parsed.error.issues, origin);
  const crossed = parsed.success
    ? crossProblems(parsed.data, origin)
    : crossProblemsOfTheRest(input, structural, origin);
  const problems = [...found.problems, ...parsedOverrides.problems, ...structural, ...crossed];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return cutTails(parsed.data);
}

function crossProblems(deployment: Deployment, origin: Origin): ConfigProblem[] {
  return crossCheck(deployment).map(({ keys: [key = ""], text }) => ({
    where: whereOf(segments(key), origin),
    key,
    text,
  }));
}

/** So that all problems show at once: the rules between keys, held against what is left without the bad keys. */
function crossProblemsOfTheRest(
  input: unknown,
  structural: readonly ConfigProblem[],
  origin: Origin,
): ConfigProblem[] {
  let bad = structural.map(({ key }) => key);
  let parsed = deploymentSchema.safeParse(withoutAll(input, bad));
  if (!parsed.success) {
    // A key that is missing cannot be left out: leave out its whole section.
    bad = [...bad, ...parsed.error.issues.map((issue) => String(issue.path[0]))];
    parsed = deploymentSchema.safeParse(withoutAll(input, bad));
  }
  if (!parsed.success) return [];
  return crossCheck(parsed.data)
    .filter(({ keys }) => !keys.some((key) => bad.some((other) => overlaps(key, other))))
    .map(({ keys: [key = ""], text }) => ({ where: whereOf(segments(key), origin), key, text }));
}

function overlaps(key: string, other: string): boolean {
  return `${key}.`.startsWith(`${other}.`) || `${other}.`.startsWith(`${key}.`);
}

function segments(key: string): PathSegment[] {
  return key.split(".").map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
}

function withoutAll(values: unknown, keys: readonly string[]): unknown {
  return keys.reduce((rest, key) => without(rest, segments(key)), values);
}

/** A copy without the value at `path`; a list loses the whole item that holds it. */
function without(values: unknown, path: readonly PathSegment[]): unknown {
  const [segment, ...rest] = path;
  if (segment === undefined || typeof values !== "object" || values === null) return values;
  if (Array.isArray(values)) return values.filter((_, index) => index !== segment);
  const { [segment]: _, ...others } = values as Record<PathSegment, unknown>;
  return rest.length === 0 ? others : { ...others, [segment]: without(childValue(values, segment), rest) };
}
