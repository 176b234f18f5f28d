import type { z } from "zod";
import type { ConfigProblem } from "./config-error";
import { describeType } from "./describe-type";
import { nearestKey } from "./nearest-key";
import type { Override } from "./overrides";
import { childValue, deploymentNode, nodeAt, type PathSegment, variantOf } from "./schema-node";

/** What was parsed and where it came from, for messages. */
export interface Origin {
  readonly values: unknown;
  readonly overrides: readonly Override[];
  readonly where: string;
}

/** The schema's complaints as lines that name the key, what is allowed and what was given. */
export function explainIssues(issues: readonly z.core.$ZodIssue[], origin: Origin): ConfigProblem[] {
  return issues.flatMap((issue) => explainIssue(issue, origin));
}

function explainIssue(issue: z.core.$ZodIssue, origin: Origin): ConfigProblem[] {
  const path = issue.path.map((segment) => (typeof segment === "symbol" ? String(segment) : segment));
  const value = valueAt(origin.values, path);
  const node = nodeAt(deploymentNode(), path, origin.values);
  if (issue.code === "unrecognized_keys") {
    const siblings = Object.keys((node && variantOf(node, value)?.properties) ?? {});
    return issue.keys.map((key) => problem([...path, key], unknownKey([...path, key], siblings), origin));
  }
  if (issue.code === "invalid_key") {
    const name = String(path.at(-1));
    return [problem(path, `"${name}" is not allowed as a name; use capitals, digits and _`, origin)];
  }
  const allowed = node ? describeType(node) : issue.message;
  const quote = node?.type === "string" && typeof value === "number" ? " (put it in quotes)" : "";
  const text =
    value === undefined
      ? `is missing; must be ${allowed}`
      : `must be ${allowed}; given ${show(value)}${quote}`;
  return [problem(path, text, origin)];
}

function unknownKey(path: readonly PathSegment[], siblings: readonly string[]): string {
  const near = nearestKey(dotted(path), siblings);
  if (near !== undefined) return `unknown key; did you mean ${near}?`;
  return `unknown key; known here: ${siblings.join(", ")}`;
}

function problem(path: readonly PathSegment[], text: string, origin: Origin): ConfigProblem {
  return { where: whereOf(path, origin), key: dotted(path), text };
}

/** The `--set` that wrote the value at `path`, else the place all values came from. */
export function whereOf(path: readonly PathSegment[], origin: Origin): string {
  const override = origin.overrides.findLast(({ path: set }) => {
    const common = Math.min(set.length, path.length);
    return set.slice(0, common).every((segment, index) => segment === path[index]);
  });
  return override ? `--set ${override.text}` : origin.where;
}

export function dotted(path: readonly PathSegment[]): string {
  return path.join(".");
}

export function valueAt(values: unknown, path: readonly PathSegment[]): unknown {
  return path.reduce(childValue, values);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
