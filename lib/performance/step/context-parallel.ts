import type { AttentionCurves } from "../kernels/attention";
import { groupCollectives } from "../kernels/collectives";
import type { KernelSet } from "../kernels/kernel-set";
import { BF16_BYTES } from "../kernels/roofline";
import type { LayerKind } from "../shards/layer-kinds";
import { tensorRanksInNode } from "../shards/ranks-in-node";
import type { LatencyModelInput } from "../types";

/** A softmax's sum travels with each head's result, in FP32. */
const SUM_BYTES = 4;
/** Cached tokens of a sequence that has none to speak of: what a kernel takes beside reading the cache. */
const EMPTY = 1;

/** Elements of a head's query and of its result, as ranks exchange them: latent attention in its compressed width. */
export function exchangedElements({ model }: Pick<LatencyModelInput, "model">): {
  readonly query: number;
  readonly result: number;
} {
  const { latentAttention: latent, headDim } = model;
  return latent
    ? { query: latent.keyValueRank + latent.ropeHeadDim, result: latent.keyValueRank }
    : { query: headDim, result: headDim };
}

/** Bytes of one decoding token that the ranks of a context group gather and scatter in a layer. */
export function contextBytesPerToken(
  input: Pick<LatencyModelInput, "model" | "tensorParallel" | "decodeContextParallel">,
): { readonly gathered: number; readonly scattered: number } {
  const ranks = input.decodeContextParallel ?? 1;
  const heads = (input.model.attentionHeads / input.tensorParallel) * ranks;
  const { query, result } = exchangedElements(input);
  return {
    gathered: heads * (query * BF16_BYTES + SUM_BYTES),
    scattered: heads * result * BF16_BYTES,
  };
}

/**
 * Attention of a layer whose ranks share the tokens of each sequence (decode context parallelism, vLLM's default `ag_rs`:
 * v1/attention/ops/dcp.py of 0.33). A rank gathers the queries of its group, attends with all of them to its share of the
 * tokens, and the partial results are weighted by their sums and scattered. Prompts attend as before; what gathering an
 * earlier chunk's keys costs is left out.
 * @param own attention of the rank's own heads over all tokens
 * @param wide attention of the group's heads over all tokens
 */
export function sharedContext(
  input: LatencyModelInput,
  kernels: KernelSet,
  { model }: LayerKind,
  { own, wide }: { readonly own: AttentionCurves; readonly wide: AttentionCurves },
): AttentionCurves {
  const ranks = input.decodeContextParallel ?? 1;
  const places = { ranksInNode: Math.min(ranks, tensorRanksInNode(input)), network: input.network };
  const { allGatherUs, reduceScatterUs } = groupCollectives(kernels.collectives, ranks, places);
  const { gathered, scattered } = contextBytesPerToken({ ...input, model });
  return {
    ...own,
    decodeUs: (batch, past) => {
      const reading = wide.decodeUs(batch, Math.max(EMPTY, past / ranks)) - wide.decodeUs(batch, EMPTY);
      return (
        own.decodeUs(batch, EMPTY) +
        Math.max(0, reading) +
        allGatherUs(batch * gathered) +
        reduceScatterUs(batch * scattered)
      );
    },
  };
}
