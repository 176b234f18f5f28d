import type { ModelArchitecture } from "../../catalog";
import { groupCollectives } from "../kernels/collectives";
import { elementwiseCurve } from "../kernels/elementwise";
import { type Curve, sumOf } from "../kernels/log-log";
import { BF16_BYTES } from "../kernels/roofline";
import { distinctRanks } from "../shards/expert-ranks";
import { expertRanksInNode } from "../shards/ranks-in-node";
import type { LatencyModelInput } from "../types";
import type { FeedForward, LayerParts } from "./feed-forward";

type ExpertInput = LatencyModelInput & { readonly experts: NonNullable<ModelArchitecture["experts"]> };

/**
 * Mixture of experts as vLLM runs it. Without expert parallelism every expert is cut over the tensor-parallel group.
 * With it the group (tensor x data parallel ranks) holds whole experts: within a tensor-parallel group the closing
 * all-reduce brings the results together; beyond it each rank sends its share of the tokens to the experts' ranks and
 * back (two all-to-alls), and an all-gather restores the tokens to the tensor-parallel group.
 */
export function expertFeedForward(input: ExpertInput, parts: LayerParts, exchangeUs: Curve): FeedForward {
  const { model, gpu, tensorParallel, expertParallel } = input;
  const beyondGroup = expertParallel > tensorParallel;
  const bytesPerToken = model.hiddenSize * BF16_BYTES;
  const { experts } = input;
  // Every routed copy of a token is read, permuted, multiplied and summed up again: two reads and two writes of the
  // hidden size. Within a tensor-parallel group each rank does so for all tokens, its experts' or not.
  const slotsPerToken = experts.activePerToken / (beyondGroup ? tensorParallel : 1);
  const routed = measuredExperts(input, parts);
  const activated = (experts.shared + (routed ? 0 : experts.activePerToken)) * experts.intermediateSize;
  const permuted = routed ? 0 : slotsPerToken * 4 * bytesPerToken;
  const moved = permuted + (3 * activated * BF16_BYTES) / tensorParallel;
  const share = bytesPerToken / tensorParallel;
  const allToAll = beyondGroup
    ? groupCollectives(parts.kernels.collectives, expertParallel, {
        ranksInNode: expertRanksInNode(input),
        network: input.network,
      }).allToAllUs
    : undefined;
  const copies = distinctRanks(expertParallel, experts.activePerToken);
  return {
    gemmUs: expertGemms(input, parts, routed ?? routedExperts(input, parts)),
    // Router's softmax and top-k; and permutation, activation and sum, which measured experts hold.
    elementwiseMs: elementwiseCurve(
      { launches: routed ? 2 : 4, bytesPerToken: moved },
      { gpu, constants: parts.constants },
    ),
    allToAllUs: (tokens) => (allToAll ? 2 * allToAll(tokens * share * copies) : 0),
    exchangeUs: beyondGroup ? (tokens) => parts.group.allGatherUs(tokens * bytesPerToken) : exchangeUs,
  };
}

/** Router, routed experts and shared experts. */
function expertGemms(input: ExpertInput, parts: LayerParts, routed: Curve): Curve {
  const { model, tensorParallel, experts } = input;
  const format = input.formats?.feedForward ?? input.precision;
  const gemm = (n: number, k: number) => parts.kernels.gemmUs({ n, k }, format);
  const shared = (experts.shared * experts.intermediateSize) / tensorParallel;
  return sumOf([
    parts.kernels.gemmUs({ n: experts.count, k: model.hiddenSize }, "bf16"),
    routed,
    ...(shared > 0 ? [gemm(2 * shared, model.hiddenSize), gemm(model.hiddenSize, shared)] : []),
  ]);
}

/** Routed experts from the GPU's tables, by the tokens of one rank; undefined where it has none. */
function measuredExperts(input: ExpertInput, { kernels }: LayerParts): Curve | undefined {
  const { model, tensorParallel, expertParallel, experts } = input;
  const shape = {
    hiddenSize: model.hiddenSize,
    intermediateSize: experts.intermediateSize,
    activePerToken: experts.activePerToken,
    count: experts.count,
    tensorRanks: expertParallel > 1 ? 1 : tensorParallel,
    expertRanks: expertParallel,
  };
  const us = kernels.experts?.(shape, input.formats?.experts ?? input.precision);
  const replicas = Math.max(1, expertParallel / tensorParallel);
  return us && ((tokens) => us(tokens * replicas));
}

/**
 * Grouped product over the experts of one rank. With m tokens for each expert it reads as many weights and does as
 * much arithmetic as one dense product of m rows whose n spans all experts, so the dense tables price it; experts that
 * no token of a small batch chose are not read.
 */
function routedExperts(input: ExpertInput, { kernels, constants }: LayerParts): Curve {
  const { model, precision, tensorParallel, expertParallel, experts } = input;
  const whole = expertParallel > 1;
  const local = experts.count / expertParallel;
  const width = experts.intermediateSize / (whole ? 1 : tensorParallel);
  const replicas = Math.max(1, expertParallel / tensorParallel);
  const up = kernels.gemmUs({ n: local * 2 * width, k: model.hiddenSize }, precision);
  const down = kernels.gemmUs({ n: local * model.hiddenSize, k: width }, precision);
  return (tokens) => {
    const batch = tokens * replicas;
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
