import type { ModelArchitecture } from "../../catalog";
import { groupCollectives } from "../kernels/collectives";
import { elementwiseCurve } from "../kernels/elementwise";
import { balancedFactor, skewFactor, TABLE_SKEW } from "../kernels/expert-skew";
import { type Curve, sumOf } from "../kernels/log-log";
import { BF16_BYTES } from "../kernels/roofline";
import { expertTensorRanks, gatheringRanks, sharingReplicas } from "../shards/expert-ranks";
import type { LatencyModelInput } from "../types";
import { type FeedForward, type LayerParts, NOTHING_SHARED } from "./feed-forward";
import { gatheredBytesPerToken } from "./gathered-bytes";

type ExpertInput = LatencyModelInput & { readonly experts: NonNullable<ModelArchitecture["experts"]> };

/**
 * Mixture of experts as vLLM runs it. Without expert parallelism every expert is cut over all ranks that share it, with it
 * they hold whole experts. Within one replica the closing all-reduce brings the results together. Replicas that share
 * experts gather each other's tokens before and scatter the sums after them; then a tensor-parallel group gathers its
 * tokens again where each of its ranks had sent a share of them, or sums up what each had of them.
 */
export function expertFeedForward(input: ExpertInput, parts: LayerParts, exchangeUs: Curve): FeedForward {
  const { model, gpu, tensorParallel, expertParallel } = input;
  const isShared = sharingReplicas(input) > 1;
  const bytesPerToken = model.hiddenSize * BF16_BYTES;
  const { experts } = input;
  // Every routed copy of a token is read, permuted, multiplied and summed up again: two reads and two writes of the
  // hidden size. Within a tensor-parallel group each rank does so for all tokens, its experts' or not.
  const isSpread = isShared && expertParallel > 1;
  const slotsPerToken = experts.activePerToken / (isSpread ? tensorParallel : 1);
  const routed = measuredExperts(input, parts);
  const activated = (experts.shared + (routed ? 0 : experts.activePerToken)) * experts.intermediateSize;
  const permuted = routed ? 0 : slotsPerToken * 4 * bytesPerToken;
  const moved = permuted + (3 * activated * BF16_BYTES) / tensorParallel;
  const own = ownGemms(input, parts);
  const expertsUs = underLoad(input, routed ?? routedExperts(input, parts));
  return {
    gemmUs: isShared ? own : sumOf([own, expertsUs]),
    // Router's softmax and top-k; and permutation, activation and sum, which measured experts hold.
    elementwiseMs: elementwiseCurve(
      { launches: routed ? 2 : 4, bytesPerToken: moved },
      { gpu, constants: parts.constants },
    ),
    exchangeUs: isSpread ? (tokens) => parts.group.allGatherUs(tokens * bytesPerToken) : exchangeUs,
    ...(isShared ? { sharedGemmUs: expertsUs, allToAllUs: gatherAndScatter(input, parts) } : NOTHING_SHARED),
  };
}

/** Experts as the text chooses them, where that is not as in the tables, and as they are balanced. */
function underLoad(
  { experts, expertParallel, expertSkew = TABLE_SKEW, expertBalancing }: ExpertInput,
  us: Curve,
): Curve {
  const spread = { ...experts, expertRanks: expertParallel };
  if (!expertBalancing && expertSkew === TABLE_SKEW) return us;
  const factor = expertBalancing
    ? balancedFactor(spread, expertSkew, expertBalancing.balance)
    : skewFactor(spread, expertSkew);
  return (tokens) => us(tokens) * factor(tokens);
}

/** Gathering the tokens of all replicas that share experts, and scattering the sums, by the tokens of all of them. */
function gatherAndScatter(input: ExpertInput, parts: LayerParts): Curve {
  const { ranks, inNode } = gatheringRanks(input);
  const places = { ranksInNode: inNode, network: input.network };
  const { allGatherUs, reduceScatterUs } = groupCollectives(parts.kernels.collectives, ranks, places);
  const gathered = gatheredBytesPerToken(input);
  const scattered = input.model.hiddenSize * BF16_BYTES;
  return (tokens) => allGatherUs(tokens * gathered) + reduceScatterUs(tokens * scattered);
}

/** Router and shared experts, of the replica's own tokens. */
function ownGemms(input: ExpertInput, parts: LayerParts): Curve {
  const { model, tensorParallel, experts } = input;
  const format = input.formats?.feedForward ?? input.precision;
  const gemm = (n: number, k: number) => parts.kernels.gemmUs({ n, k }, format);
  const shared = (experts.shared * experts.intermediateSize) / tensorParallel;
  return sumOf([
    parts.kernels.gemmUs({ n: experts.count, k: model.hiddenSize }, "bf16"),
    ...(shared > 0 ? [gemm(2 * shared, model.hiddenSize), gemm(model.hiddenSize, shared)] : []),
  ]);
}

/** Routed experts from the GPU's tables, by the tokens of all replicas that share them; undefined where it has none. */
function measuredExperts(input: ExpertInput, { kernels }: LayerParts): Curve | undefined {
  const { model, expertParallel, experts } = input;
  const shape = {
    hiddenSize: model.hiddenSize,
    intermediateSize: experts.intermediateSize,
    activePerToken: experts.activePerToken,
    count: experts.count,
    tensorRanks: expertTensorRanks(input),
    expertRanks: expertParallel,
  };
  return kernels.experts?.(shape, input.formats?.experts ?? input.precision);
}

/**
 * Grouped product over the experts of one rank. With m tokens for each expert it reads as many weights and does as
 * much arithmetic as one dense product of m rows whose n spans all experts, so the dense tables price it; experts that
 * no token of a small batch chose are not read.
 */
function routedExperts(input: ExpertInput, { kernels, constants }: LayerParts): Curve {
  const { model, precision, expertParallel, experts } = input;
  const whole = expertParallel > 1;
  const local = experts.count / expertParallel;
  const width = experts.intermediateSize / expertTensorRanks(input);
  const up = kernels.gemmUs({ n: local * 2 * width, k: model.hiddenSize }, precision);
  const down = kernels.gemmUs({ n: local * model.hiddenSize, k: width }, precision);
  return (batch) => {
    const touched = local * (1 - (1 - experts.activePerToken / experts.count) ** batch);
    const slots = (batch * experts.activePerToken) / expertParallel;
    const busiest = whole ? rankImbalance(slots, expertParallel) * constants.expertSkew : 1;
    const rows = Math.max(1, (slots * busiest) / touched);
    return ((up(rows) + down(rows)) * touched) / local;
  };
}

/**
 * Tokens of the busiest rank over the mean, for tokens that choose experts independently: the expected largest of
 * `ranks` normal deviates, sqrt(2 ln ranks) standard deviations, of a Poisson count.
 */
const rankImbalance = (slots: number, ranks: number): number => 1 + Math.sqrt((2 * Math.log(ranks)) / slots);
