import type { LengthDistribution } from "../../config";
import { normal, type RandomStream } from "./random-stream";

/** Value of the empirical distribution at `u`: linear between equally spaced quantiles. */
function quantileAt(quantiles: readonly number[], u: number): number {
  const position = u * (quantiles.length - 1);
  const below = Math.min(Math.floor(position), quantiles.length - 2);
  const low = quantiles[below] ?? 0;
  const high = quantiles[below + 1] ?? low;
  return low + (high - low) * (position - below);
}

function sampleLength(lengths: LengthDistribution, stream: RandomStream): number {
  switch (lengths.kind) {
    case "fixed":
      return lengths.tokens;
    case "uniform":
      return lengths.min + Math.floor(stream.next() * (lengths.max - lengths.min + 1));
    case "lognormal": {
      // mean = median * exp(sigma^2 / 2)
      const sigma = Math.sqrt(2 * Math.log(Math.max(1, lengths.mean / lengths.median)));
      const draw = lengths.median * Math.exp(sigma * normal(stream));
      return lengths.max === undefined ? draw : Math.min(draw, lengths.max);
    }
    case "empirical":
      return quantileAt(lengths.quantiles, stream.next());
  }
}

/** Draws `count` lengths in whole tokens, each at least 1. */
export function sampleLengths(lengths: LengthDistribution, count: number, stream: RandomStream): Int32Array {
  const drawn = new Int32Array(count);
  for (let i = 0; i < count; i++) drawn[i] = Math.max(1, Math.round(sampleLength(lengths, stream)));
  return drawn;
}
