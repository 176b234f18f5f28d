import { type LengthDistribution, quantileAt } from "../../config";
import { normal, type RandomStream, randomStream } from "./random-stream";

/** A source of lengths in tokens, before rounding. */
function sampler(lengths: LengthDistribution, stream: RandomStream): () => number {
  switch (lengths.kind) {
    case "fixed":
      return () => lengths.tokens;
    case "uniform":
      return () => lengths.min + Math.floor(stream.next() * (lengths.max - lengths.min + 1));
    case "lognormal": {
      // mean = median * exp(sigma^2 / 2)
      const sigma = Math.sqrt(2 * Math.log(Math.max(1, lengths.mean / lengths.median)));
      const { median, min = 0, max = Number.POSITIVE_INFINITY } = lengths;
      return () => Math.min(Math.max(median * Math.exp(sigma * normal(stream)), min), max);
    }
    case "empirical":
      return () => quantileAt(lengths.quantiles, stream.next());
  }
}

/** Draws `count` lengths in whole tokens, each at least 1. */
export function sampleLengths(lengths: LengthDistribution, count: number, stream: RandomStream): Int32Array {
  const next = sampler(lengths, stream);
  const drawn = new Int32Array(count);
  for (let i = 0; i < count; i++) drawn[i] = Math.max(1, Math.round(next()));
  return drawn;
}

/** The longest draw of each distribution, stream and seed: a search simulates the same requests at many rates. */
const drawn = new WeakMap<LengthDistribution, Map<string, Int32Array>>();

/** The first `count` lengths of a named stream of a seed, from a draw that is kept as long as the distribution. */
export function lengthsOf(
  lengths: LengthDistribution,
  count: number,
  { seed, name }: { readonly seed: number; readonly name: string },
): Int32Array {
  const streams = drawn.get(lengths) ?? new Map<string, Int32Array>();
  drawn.set(lengths, streams);
  const key = `${seed} ${name}`;
  let known = streams.get(key);
  if (known === undefined || known.length < count) {
    known = sampleLengths(lengths, Math.max(count, 2 * (known?.length ?? 0)), randomStream(seed, name));
    streams.set(key, known);
  }
  return known.slice(0, count);
}
