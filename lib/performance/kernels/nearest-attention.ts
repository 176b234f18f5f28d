import { scaleAttention } from "./attention";
import type { AttentionShape } from "./tables";

/** Heads of one rank. */
export interface AttentionHeads {
  readonly queryHeads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
}

/** Attention of a shard of heads, and whether it was measured as such. */
export interface FoundAttention {
  readonly shape: AttentionShape;
  /** Key of the measured shape that it was scaled from; absent when the shard itself was measured. */
  readonly scaledFrom?: string;
}

/**
 * Measured attention of a shard. A shard that was not measured is scaled from the nearest one (least distance of heads,
 * KV heads and head dimension in log): prefill in proportion to query heads x dimension, decode to KV heads x dimension.
 */
export function nearestAttention(
  shapes: Readonly<Record<string, AttentionShape>>,
  heads: AttentionHeads,
): FoundAttention {
  const { queryHeads, keyValueHeads, headDim } = heads;
  const exact = shapes[`${queryHeads}/${keyValueHeads}/${headDim}`];
  if (exact) return { shape: exact };
  let best = { key: "", distance: Number.POSITIVE_INFINITY, q: 1, kv: 1, dim: 1 };
  for (const key of Object.keys(shapes)) {
    const [q, kv, dim] = key.split("/").map(Number);
    const distance =
      Math.abs(Math.log(q / queryHeads)) +
      Math.abs(Math.log(kv / keyValueHeads)) +
      Math.abs(Math.log(dim / headDim));
    if (distance < best.distance) best = { key, distance, q, kv, dim };
  }
  const { key, q, kv, dim } = best;
  const factor = {
    prefill: (queryHeads * headDim) / (q * dim),
    decode: (keyValueHeads * headDim) / (kv * dim),
  };
  return { shape: scaleAttention(shapes[key], factor), scaledFrom: key };
}
