import type { Check, Violation } from "./types";

/** One requirement as the planner states it, before it becomes a row and, when it fails, an error line. */
export interface Requirement {
  readonly id: string;
  /** What must hold, in words with units. */
  readonly requirement: string;
  /** Computed value in `unit`. */
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  /** `most`: value <= limit; `least`: value >= limit. */
  readonly bound: "most" | "least";
  /** The computed value in words. */
  readonly valueText: string;
  /** Config key that sets the limit. */
  readonly configKey: string;
  /** What the user can change; names config keys. */
  readonly change: string;
}

/** Holds the value against the limit. A value that is not a number fails. */
export function toCheck(requirement: Requirement): Check {
  const { id, value, limit, unit, bound, configKey, change } = requirement;
  const margin = bound === "most" ? limit - value : value - limit;
  const pass = margin >= 0;
  return {
    id,
    requirement: requirement.requirement,
    value,
    limit,
    margin,
    unit,
    pass,
    configKey,
    ...(pass ? {} : { change }),
  };
}

/** The requirements that do not hold, in words. */
export function violationsOf(requirements: readonly Requirement[]): Violation[] {
  return requirements
    .filter((requirement) => !toCheck(requirement).pass)
    .map(({ id, requirement, valueText, change }) => ({ check: id, requirement, value: valueText, change }));
}
