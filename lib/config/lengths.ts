import type { LengthDistribution } from "./schema";

/** Standard normal quantile of 0.999: where a tail without a stated end is cut. */
const Z_999 = 3.0902;
/** That of 0.9. */
const Z_900 = 1.2816;

/** Sum of the standard normal distribution up to z (Abramowitz and Stegun 26.2.17, error below 1e-7). */
function normalSum(z: number): number {
  if (z < 0) return 1 - normalSum(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

const sigmaOf = ({ mean, median }: { readonly mean: number; readonly median: number }): number =>
  Math.sqrt(2 * Math.log(Math.max(1, mean / median)));

/** Mean of a lognormal whose draws below `min` are raised to it. */
function raisedMean(lengths: Extract<LengthDistribution, { kind: "lognormal" }>, min: number): number {
  const { median, mean } = lengths;
  const sigma = sigmaOf(lengths);
  if (sigma === 0) return Math.max(min, mean);
  const z = Math.log(min / median) / sigma;
  return min * normalSum(z) + mean * normalSum(sigma - z);
}

/** Mean of a length distribution in tokens; a lognormal's cut tail is neglected. */
export function meanTokens(lengths: LengthDistribution): number {
  switch (lengths.kind) {
    case "fixed":
      return lengths.tokens;
    case "uniform":
      return (lengths.min + lengths.max) / 2;
    case "lognormal":
      return lengths.min === undefined ? lengths.mean : raisedMean(lengths, lengths.min);
    case "empirical": {
      // Trapezoids between equally spaced quantiles: the ends count half.
      const { quantiles } = lengths;
      const inner = quantiles.slice(1, -1).reduce((sum, q) => sum + q, 0);
      const ends = ((quantiles[0] ?? 0) + (quantiles.at(-1) ?? 0)) / 2;
      return (inner + ends) / (quantiles.length - 1);
    }
  }
}

/** Value of an empirical distribution at `u` (0..1): linear between equally spaced quantiles. */
export function quantileAt(quantiles: readonly number[], u: number): number {
  const position = u * (quantiles.length - 1);
  const below = Math.min(Math.floor(position), quantiles.length - 2);
  const low = quantiles[below] as number;
  const high = quantiles[below + 1] as number;
  return low + (high - low) * (position - below);
}

/** Median of a length distribution in tokens. */
export function medianTokens(lengths: LengthDistribution): number {
  if (lengths.kind === "lognormal") return Math.max(lengths.median, lengths.min ?? 0);
  if (lengths.kind !== "empirical") return meanTokens(lengths);
  const { quantiles } = lengths;
  const middle = (quantiles.length - 1) / 2;
  const halves = quantiles.slice(Math.floor(middle), Math.ceil(middle) + 1);
  return halves.reduce((sum, q) => sum + q, 0) / halves.length;
}

/** Ninth decile of a length distribution in tokens: one draw in ten is longer. */
export function ninthDecileTokens(lengths: LengthDistribution): number {
  switch (lengths.kind) {
    case "fixed":
      return lengths.tokens;
    case "uniform":
      return lengths.min + 0.9 * (lengths.max - lengths.min);
    case "lognormal": {
      const { median, min = 0, max = Number.POSITIVE_INFINITY } = lengths;
      return Math.min(Math.max(median * Math.exp(Z_900 * sigmaOf(lengths)), min), max);
    }
    case "empirical":
      return quantileAt(lengths.quantiles, 0.9);
  }
}

/** Shortest draw of a length distribution in tokens; 1 for a lognormal that nothing raises. */
export function shortestTokens(lengths: LengthDistribution): number {
  switch (lengths.kind) {
    case "fixed":
      return lengths.tokens;
    case "uniform":
      return lengths.min;
    case "lognormal":
      return lengths.min ?? 1;
    case "empirical":
      return Math.min(...lengths.quantiles);
  }
}

/** Longest draw of a length distribution in tokens; infinite for a lognormal that nothing cuts. */
export function longestTokens(lengths: LengthDistribution): number {
  switch (lengths.kind) {
    case "fixed":
      return lengths.tokens;
    case "uniform":
      return lengths.max;
    case "lognormal":
      return lengths.max ?? Number.POSITIVE_INFINITY;
    case "empirical":
      return Math.max(...lengths.quantiles);
  }
}

/** Shortest end, in whole tokens, that a length can be cut to: a lognormal is not cut below its median, others not at all. */
export function shortestEndTokens(lengths: LengthDistribution): number {
  return Math.ceil(lengths.kind === "lognormal" ? lengths.median : longestTokens(lengths));
}

/**
 * Longest draw in whole tokens; of a lognormal without `max` its 99.9th percentile,
 * median * exp(sigma z) with sigma = sqrt(2 ln(mean / median)).
 */
export function endTokens(lengths: LengthDistribution): number {
  if (lengths.kind !== "lognormal" || lengths.max !== undefined) return Math.ceil(longestTokens(lengths));
  const open = lengths.median * Math.exp(Z_999 * sigmaOf(lengths));
  return Math.ceil(Math.max(open, lengths.min ?? 0));
}
