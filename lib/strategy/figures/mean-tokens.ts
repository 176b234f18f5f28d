import type { LengthDistribution } from "../../config";

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
  return lengths.quantiles[Math.floor(lengths.quantiles.length / 2)] ?? meanTokens(lengths);
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
