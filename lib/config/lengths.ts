import type { LengthDistribution } from "./schema";

/** Standard normal quantile of 0.999: where a tail without a stated end is cut. */
const Z_999 = 3.0902;

/** Mean of a length distribution in tokens; a lognormal's cut tail is neglected. */
export function meanTokens(lengths: LengthDistribution): number {
  switch (lengths.kind) {
    case "fixed":
      return lengths.tokens;
    case "uniform":
      return (lengths.min + lengths.max) / 2;
    case "lognormal":
      return lengths.mean;
    case "empirical": {
      // Trapezoids between equally spaced quantiles: the ends count half.
      const { quantiles } = lengths;
      const inner = quantiles.slice(1, -1).reduce((sum, q) => sum + q, 0);
      const ends = ((quantiles[0] ?? 0) + (quantiles.at(-1) ?? 0)) / 2;
      return (inner + ends) / (quantiles.length - 1);
    }
  }
}

/** Median of a length distribution in tokens. */
export function medianTokens(lengths: LengthDistribution): number {
  if (lengths.kind === "lognormal") return lengths.median;
  if (lengths.kind !== "empirical") return meanTokens(lengths);
  const { quantiles } = lengths;
  const middle = (quantiles.length - 1) / 2;
  const halves = quantiles.slice(Math.floor(middle), Math.ceil(middle) + 1);
  return halves.reduce((sum, q) => sum + q, 0) / halves.length;
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
  const sigma = Math.sqrt(2 * Math.log(lengths.mean / lengths.median));
  return Math.ceil(lengths.median * Math.exp(Z_999 * sigma));
}
