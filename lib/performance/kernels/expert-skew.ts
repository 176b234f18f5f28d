import file from "./expert-skew.json";
import type { Curve } from "./log-log";

/** Exponent of the power law by which experts are chosen in the tables of experts. */
export const TABLE_SKEW = 1.2;
/** The exponent between even choice and the tables' that was measured too. */
const MIDDLE_SKEW = 1.01;

/** Experts of one layer and how they are spread. */
export interface SpreadExperts {
  readonly count: number;
  readonly activePerToken: number;
  /** Ranks that hold whole experts; 1 where each expert is cut. */
  readonly expertRanks: number;
}

type Cells = readonly (readonly (readonly (number | null)[])[])[];

const nearest = (sizes: readonly number[], size: number): number => {
  const distances = sizes.map((each) => Math.abs(Math.log(each / size)));
  return distances.indexOf(Math.min(...distances));
};

/** Logarithms of the ratios by copies of a token for each expert; of the next fewer ranks where so many were not measured. */
function ratiosOf(cells: Cells, { count, expertRanks }: SpreadExperts): readonly number[] {
  const experts = nearest(file.experts, count);
  for (let ranks = nearest(file.ranks, expertRanks); ranks >= 0; ranks--) {
    const row = cells[ranks]?.[experts];
    if (row?.every((ratio) => ratio !== null)) return row.map((ratio) => Math.log(ratio ?? 1));
  }
  return file.slots.map(() => 0);
}

/** Linear between the sizes, level beyond them. */
function between(sizes: readonly number[], values: readonly number[], at: number): number {
  const last = sizes.length - 1;
  if (at <= sizes[0]) return values[0];
  if (at >= sizes[last]) return values[last];
  const next = sizes.findIndex((size) => size > at);
  const [low, high] = [sizes[next - 1], sizes[next]];
  const share = (at - low) / (high - low);
  return (1 - share) * values[next - 1] + share * values[next];
}

/**
 * Time of the routed experts on the rank that gets most of the tokens, over that of the tables (exponent 1.2), by tokens of
 * all ranks. Medians of measured ratios by ranks, experts and tokens (condense-skew.py); between the measured exponents 0,
 * 1.01 and 1.2 the logarithm is taken to be linear. The tables' own exponent gives 1.
 */
export function skewFactor(experts: SpreadExperts, exponent: number): Curve {
  if (exponent >= TABLE_SKEW) return () => 1;
  const even = ratiosOf(file.even, experts);
  const middle = ratiosOf(file["exponent1.01"], experts);
  const isUpper = exponent >= MIDDLE_SKEW;
  const share = isUpper ? (TABLE_SKEW - exponent) / (TABLE_SKEW - MIDDLE_SKEW) : exponent / MIDDLE_SKEW;
  const logs = even.map((log, i) => {
    const own = middle[i];
    return isUpper ? share * own : (1 - share) * log + share * own;
  });
  const sizes = file.slots.map(Math.log);
  return (tokens) =>
    Math.exp(between(sizes, logs, Math.log((tokens * experts.activePerToken) / experts.count)));
}

/**
 * The same where experts are moved and copied so that the ranks get alike (EPLB): what uneven choice costs within a rank
 * stays, what it costs between ranks goes, but for `balance`, the mean load over the largest.
 */
export function balancedFactor(experts: SpreadExperts, exponent: number, balance: number): Curve {
  const within = skewFactor({ ...experts, expertRanks: 1 }, exponent);
  const spread = skewFactor(experts, 0);
  const alone = skewFactor({ ...experts, expertRanks: 1 }, 0);
  return (tokens) => (within(tokens) * spread(tokens)) / alone(tokens) / balance;
}
