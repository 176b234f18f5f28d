import { type Check, checkLabel, type Plan, type Violation } from "../strategy";
import { milliseconds, percent, significant } from "./format-number";

/** A requirement that is missed, as a row of a table. */
export interface Missed {
  /** The check's id. */
  readonly id: string;
  readonly label: string;
  readonly value: string;
  /** The bound with its direction: "<= 50 ms". */
  readonly target: string;
}

/** How many times beyond its limit a failed check is; infinite where nothing was observed, or none is allowed. */
function excess({ value, limit }: Check): number {
  const ratio = Math.max(value / limit, limit / value);
  return Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio;
}

/** The check that is furthest beyond its limit first. */
export function byExcess(a: Check, b: Check): number {
  const [own, other] = [excess(a), excess(b)];
  return own === other ? 0 : other - own;
}

/** The failed requirements of a plan, the one that is furthest beyond its limit first. */
export function worstFirst({ checks, violations }: Plan): readonly Violation[] {
  const ids = checks
    .filter(({ pass }) => !pass)
    .sort(byExcess)
    .map(({ id }) => id);
  const place = ({ check }: Violation) => ids.indexOf(check);
  return [...violations].sort((a, b) => place(a) - place(b));
}

/** A check's value, short, in its unit. */
export const checkValue = ({ value, unit }: Check): string => inUnit(value, unit);

function inUnit(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "-";
  if (unit === "ms") return milliseconds(value);
  if (unit === "share") return percent(value);
  return `${significant(value)} ${unit}`.trim();
}

/** Failed checks without a row among those `shown`, by their ids, as rows. */
export function missedOf({ checks }: Plan, shown: readonly string[]): readonly Missed[] {
  return checks
    .filter(({ id, pass }) => !pass && !shown.includes(id))
    .sort(byExcess)
    .map((check) => ({
      id: check.id,
      label: capital(checkLabel(check.id)),
      value: checkValue(check),
      target: `${check.value < check.limit ? ">=" : "<="} ${inUnit(check.limit, check.unit)}`,
    }));
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
