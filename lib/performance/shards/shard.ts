import type { LatencyModelInput } from "../types";

/** A matrix product y[m,n] = x[m,k] W[k,n]. */
export interface GemmShape {
  readonly n: number;
  readonly k: number;
}

/** What one rank of a tensor-parallel group computes in a layer. */
export interface Shard {
  readonly queryHeads: number;
  /** At least 1: KV heads are replicated when ranks outnumber them. */
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly attentionGemms: readonly GemmShape[];
  /** Gate-up and down projection of a dense model; empty for a mixture of experts. */
  readonly feedForwardGemms: readonly GemmShape[];
  readonly logits: GemmShape;
}

/**
 * Cuts a model's matrices the way vLLM's column- and row-parallel linears do.
 * @throws RangeError when the ranks do not divide the attention heads: vLLM refuses such a model
 */
export function shardOf({
  model,
  tensorParallel,
}: Pick<LatencyModelInput, "model" | "tensorParallel">): Shard {
  const queryHeads = model.attentionHeads / tensorParallel;
  if (!Number.isInteger(queryHeads)) {
    throw new RangeError(
      `${tensorParallel} ranks do not divide the ${model.attentionHeads} heads of ${model.name}`,
    );
  }
  const keyValueHeads = Math.max(1, model.keyValueHeads / tensorParallel);
  const { hiddenSize, headDim } = model;
  const intermediate = model.intermediateSize / tensorParallel;
  return {
    queryHeads,
    keyValueHeads,
    headDim,
    attentionGemms: [
      { n: (queryHeads + 2 * keyValueHeads) * headDim, k: hiddenSize },
      { n: hiddenSize, k: queryHeads * headDim },
    ],
    feedForwardGemms: model.experts
      ? []
      : [
          { n: 2 * intermediate, k: hiddenSize },
          { n: hiddenSize, k: intermediate },
        ],
    logits: { n: model.vocabularySize / tensorParallel, k: hiddenSize },
  };
}
