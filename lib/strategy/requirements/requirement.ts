import { countText, msText, percentText, rateText } from "../figures/quantity-text";
import type { Check, Violation } from "../types";

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
  /** Standard error of the value, in its unit, where it is an estimate from random runs. */
  readonly standardError?: number;
  /** The computed value in words. */
  readonly valueText: string;
  /** What is wrong where it does not hold, as a sentence; without it one is made of requirement and value. */
  readonly broken?: () => string;
  /** Config key that sets the limit. */
  readonly configKey: string;
  /** What the user can change; names config keys. */
  readonly change: string;
}

/** Standard errors around a limit within which another run could turn the verdict. */
const TELLING = 2;

function isWithinError({ value, limit, standardError = 0 }: Requirement): boolean {
  return Math.abs(value - limit) < TELLING * standardError;
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
    ...(isWithinError(requirement) ? { withinError: true } : {}),
    ...(pass ? {} : { change }),
  };
}

/** A value relative to its limit: 1 is at the limit, above 1 misses it; infinite where nothing was observed. */
export function pressureOf({ value, limit, bound }: Requirement): number {
  if (Number.isNaN(value)) return Number.POSITIVE_INFINITY;
  if (bound === "least") return value >= limit ? Math.min(1, limit / value) : limit / Math.max(value, 1e-9);
  return limit > 0 ? value / limit : value > limit ? Number.POSITIVE_INFINITY : 0;
}

/** How far a value is beyond its limit, in words; nothing for counts of which any is too many. */
function gapText({ value, limit, unit, bound }: Requirement): string {
  const gap = Math.abs(value - limit);
  const text = gapUnits[unit]?.(gap);
  return text === undefined || !Number.isFinite(gap)
    ? ""
    : `, ${text} ${bound === "most" ? "over" : "short"}`;
}

const gapUnits: Readonly<Record<string, (gap: number) => string>> = {
  ms: msText,
  share: (gap) => percentText(gap).replace(" %", " points"),
  tokens: (gap) => `${countText(gap)} tokens`,
  sequences: (gap) => `${countText(gap)} sequences`,
  "requests/s": rateText,
  "USD/h": (gap) => `${gap.toFixed(2)} USD/h`,
};

/** The requirements that do not hold, in words: the value says by how much. */
export function violationsOf(requirements: readonly Requirement[]): Violation[] {
  return requirements
    .filter((requirement) => !toCheck(requirement).pass)
    .map((failed) => ({
      check: failed.id,
      requirement: failed.requirement,
      value: `${failed.valueText}${gapText(failed)}${isWithinError(failed) ? ", within the simulation's own error" : ""}`,
      sentence: sentenceOf(failed),
      change: failed.change,
    }));
}

function sentenceOf(failed: Requirement): string {
  const { requirement, valueText, broken } = failed;
  const sentence = broken?.() ?? `It is required that ${requirement}; here ${valueText}${gapText(failed)}.`;
  return isWithinError(failed)
    ? `${sentence} The difference is within the simulation's own error.`
    : sentence;
}
