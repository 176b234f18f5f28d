import type { Collectives } from "../kernels/collectives";
import { elementwiseCurve } from "../kernels/elementwise";
import { type Curve, sumOf } from "../kernels/log-log";
import { BF16_BYTES } from "../kernels/roofline";
import type { LatencyModelInput } from "../types";
import { expertFeedForward } from "./expert-feed-forward";
import { type FeedForward, type LayerParts, NOTHING_SHARED } from "./feed-forward";

/** What one layer costs one rank, apart from attention, by the tokens of the step, in ms. */
export interface LayerCosts {
  readonly gemmMs: Curve;
  readonly elementwiseMs: Curve;
  /** All-reduces, or reduce-scatters and all-gathers under sequence parallelism. */
  readonly allReduceMs: Curve;
  /** Experts that replicas share, and the exchange of their tokens, by the tokens of all of them; 0 where none are shared. */
  readonly sharedGemmMs: Curve;
  readonly allToAllMs: Curve;
}

/** Costs of one layer from the kernels of a GPU. */
export function layerCosts(input: LatencyModelInput, parts: LayerParts): LayerCosts {
  const { model, gpu, sequenceParallel } = input;
  const bytesPerToken = model.hiddenSize * BF16_BYTES;
  const format = input.formats?.attention ?? input.precision;
  // The measured modules of latent attention hold their projections.
  const { hasMixer = true, hasFeedForward = true } = parts;
  const gemms = model.latentAttention || !hasMixer ? [] : parts.shard.attentionGemms;
  const halves = (hasMixer ? 1 : 0) + (hasFeedForward ? 1 : 0);
  const projections = sumOf(gemms.map((shape) => parts.kernels.gemmUs(shape, format)));
  const norms = elementwiseCurve(
    { launches: halves, bytesPerToken: (4 * halves * bytesPerToken) / sequenceParallel },
    { gpu, constants: parts.constants },
  );
  const headNorms = hasMixer ? queryKeyNorms(input, parts) : NO_NORMS;
  const afterAttention = exchange(parts.group, sequenceParallel);
  const exchangeUs: Curve = (tokens) => afterAttention(tokens * bytesPerToken);
  const rest = hasFeedForward ? feedForward(input, parts, exchangeUs) : NOTHING;
  return {
    gemmMs: (tokens) => (projections(tokens) + rest.gemmUs(tokens)) / 1e3,
    elementwiseMs: (tokens) => norms(tokens) + headNorms.elementwiseMs(tokens) + rest.elementwiseMs(tokens),
    allReduceMs: (tokens) =>
      ((hasMixer ? exchangeUs(tokens) : 0) + headNorms.exchangeUs(tokens) + rest.exchangeUs(tokens)) / 1e3,
    sharedGemmMs: (tokens) => rest.sharedGemmUs(tokens) / 1e3,
    allToAllMs: (tokens) => rest.allToAllUs(tokens) / 1e3,
  };
}

const NO_NORMS = { elementwiseMs: () => 0, exchangeUs: () => 0 };

/**
 * Norms of queries and of keys, a kernel each, which read and write them; one over all heads adds up the two variances,
 * 4 bytes each, over the ranks (vllm/model_executor/layers/minimax_rms_norm/rms_norm_tp.py, which in 0.32 does all of it in one kernel).
 */
function queryKeyNorms(
  { model, gpu, tensorParallel }: LatencyModelInput,
  { group, constants }: LayerParts,
): { readonly elementwiseMs: Curve; readonly exchangeUs: Curve } {
  if (model.queryKeyNorm === undefined) return NO_NORMS;
  const elements = ((model.attentionHeads + model.keyValueHeads) * model.headDim) / tensorParallel;
  return {
    elementwiseMs: elementwiseCurve(
      { launches: 2, bytesPerToken: 2 * elements * BF16_BYTES },
      { gpu, constants },
    ),
    exchangeUs: model.queryKeyNorm === "ranks" ? (tokens) => group.allReduceUs(8 * tokens) : () => 0,
  };
}

const NOTHING: FeedForward = {
  gemmUs: () => 0,
  elementwiseMs: () => 0,
  exchangeUs: () => 0,
  ...NOTHING_SHARED,
};

const feedForward = (input: LatencyModelInput, parts: LayerParts, exchangeUs: Curve): FeedForward =>
  input.model.experts
    ? expertFeedForward({ ...input, experts: input.model.experts }, parts, exchangeUs)
    : denseFeedForward(input, parts, exchangeUs);

/** Gate-up and down projection; the activation reads gate and up and writes their product. */
function denseFeedForward(input: LatencyModelInput, parts: LayerParts, exchangeUs: Curve): FeedForward {
  const { model, gpu, tensorParallel } = input;
  const format = input.formats?.feedForward ?? input.precision;
  const bytesPerToken = (3 * model.intermediateSize * BF16_BYTES) / tensorParallel;
  return {
    gemmUs: sumOf(parts.shard.feedForwardGemms.map((shape) => parts.kernels.gemmUs(shape, format))),
    elementwiseMs: elementwiseCurve({ launches: 1, bytesPerToken }, { gpu, constants: parts.constants }),
    exchangeUs,
    ...NOTHING_SHARED,
  };
}

/** What follows a row-parallel product: an all-reduce, or its two halves around norms that run on token shards. */
const exchange = (group: Collectives, sequenceParallel: number): Curve =>
  sequenceParallel > 1
    ? (bytes) => group.reduceScatterUs(bytes) + group.allGatherUs(bytes)
    : group.allReduceUs;
