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
