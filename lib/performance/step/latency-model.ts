import { groupCollectives } from "../kernels/collectives";
import { type LatencyConstants, latencyConstants } from "../kernels/constants";
import { kernelsOf } from "../kernels/kernels-of";
import { type Curve, sumOf } from "../kernels/log-log";
import { denseReferenceOf, isCheckedScaling } from "../kernels/references";
import { tabulated, tabulatedCurve } from "../kernels/tabulated";

import { gatheringRanks, sharingReplicas } from "../shards/expert-ranks";
import { layerKinds } from "../shards/layer-kinds";
import { tensorRanksInNode } from "../shards/ranks-in-node";
import { shardOf } from "../shards/shard";
import type { LatencyModel, LatencyModelInput, PeerTokens, StepShape } from "../types";

import { attentionModel, sharedAttention } from "./attention-model";
import { type CudaGraphs, paddedTokens } from "./cuda-graph-padding";
import { type LayerCosts, layerCosts } from "./layer-costs";
import { meanAttention, recurrentModel } from "./layer-mixers";
import { endCosts, stagesOf } from "./pipeline-stages";

/** Sequences that are tabulated one by one; engines run a few hundred. */
const TABULATED_SEQUENCES = 2048;
/** Largest step that any engine is told to capture, in tokens: sizes up to it are tabulated one by one. */
const LARGEST_GRAPH = 16_384;

/**
 * Builds the step-time model of one replica from measured kernel tables, or a roofline where a table is missing
 * (`basis` says which). Time of a stage = layers x (GEMM + attention + elementwise + collectives) + embedding or logits
 * + transfer to the next stage + host time. Steps that a CUDA graph holds are padded to its size. The result makes the
 * model for given graphs; all of them share their tables.
 * @param constants what is fitted rather than measured; a calibration passes its own
 */
export function createKernelModels(
  input: LatencyModelInput,
  constants: LatencyConstants = latencyConstants,
): (graphs: CudaGraphs) => LatencyModel {
  const kernels = kernelsOf(input);
  const kinds = layerKinds(input);
  const places = { ranksInNode: tensorRanksInNode(input), network: input.network };
  const group = groupCollectives(kernels.collectives, input.tensorParallel, places);
  const costs = kinds.map(({ model, shard, mixer, hasFeedForward }) => {
    const parts = { kernels, shard, group, constants, hasMixer: mixer !== undefined, hasFeedForward };
    return layerCosts({ ...input, model }, parts);
  });
  const mean = meanAttention(input, kernels, kinds);
  const attention = sharedAttention(input, () => attentionModel(mean.layers, mean.curves));
  const states = recurrentModel(input, kernels, kinds);
  const logitsUs = kernels.gemmUs(shardOf(input).logits, "bf16");
  const stages = stagesOf(input);
  const ends = stages.map((stage) => endCosts(stage, input, { kernels, group, constants }));

  /** Stages of one kind share their tables: the inner ones of a deep pipeline all cost the same. */
  const alike = stages.map((stage, i) => JSON.stringify([stage, kinds.map(({ counts }) => counts[i])]));

  const replicas = sharingReplicas(input);
  const ownMs = costs.map((each) => sumOf([each.gemmMs, each.elementwiseMs, each.allReduceMs]));
  const sharedMs = costs.map((each) => sumOf([each.sharedGemmMs, each.allToAllMs]));
  const tokensMs = oncePerKey(alike, (i) => {
    const endMs = sumOf([ends[i].allReduceMs, ends[i].elementwiseMs, ends[i].transferMs]);
    const layersMs = (curves: readonly Curve[]) => (tokens: number) =>
      kinds.reduce((sum, { counts }, kind) => sum + counts[i] * curves[kind](tokens), 0);
    const [layersOwnMs, layersSharedMs] = [layersMs(ownMs), layersMs(sharedMs)];
    const apartMs: Curve = (tokens) => layersOwnMs(tokens) + endMs(tokens) + constants.hostMsPerStep;
    const stageMs: Curve =
      replicas === 1 ? apartMs : (tokens) => apartMs(tokens) + layersSharedMs(replicas * tokens);
    return {
      captured: tabulated(stageMs, LARGEST_GRAPH),
      eager: tabulatedCurve(stageMs),
      apart: tabulatedCurve(apartMs),
      shared: tabulatedCurve(layersSharedMs),
    };
  });
  const sampledMs = tabulated(
    (sequences) => logitsUs(sequences) / 1e3 + constants.hostMsPerSequence * sequences,
    TABULATED_SEQUENCES,
  );

  /** A part of all layers of all stages, in ms. */
  const allLayers = (part: keyof LayerCosts, tokens: number) =>
    kinds.reduce((sum, { counts }, kind) => sum + totalOf(counts) * costs[kind][part](tokens), 0);

  const basis = basisOf(input, kernels.rooflineFigures);
  return (graphs) => {
    const byTokens = oncePerKey(alike, (i) => timeByTokens(tokensMs[i], graphs));
    /** All pad to the largest where that has a graph; else each computes its own tokens, and the experts those of all. */
    const withPeersMs = (stage: number, tokens: number, { mostTokens, allTokens }: PeerTokens): number =>
      mostTokens <= graphs.largestTokens
        ? byTokens[stage](mostTokens)
        : tokensMs[stage].apart(tokens) + tokensMs[stage].shared(allTokens);
    return {
      stages: stages.length,
      stageMs: (stage, step, peers) => {
        const { last } = stages[stage];
        const atEnd = last && step.sampledSequences > 0 ? sampledMs(step.sampledSequences) : 0;
        const mixingMs = mean.counts[stage] * attention.layerMs(step) + states.stageMs(stage, step);
        const tokensTakeMs = peers ? withPeersMs(stage, step.tokens, peers) : byTokens[stage](step.tokens);
        return tokensTakeMs + mixingMs + atEnd;
      },
      prefillAttentionMs: attention.prefillMs,
      breakdown: (step: StepShape) => {
        const tokens = paddedTokens(step.tokens, graphs);
        const statesMs = totalOf(stages.map((_, stage) => states.stageMs(stage, step)));
        const parts = {
          gemmMs: allLayers("gemmMs", tokens) + allLayers("sharedGemmMs", replicas * tokens),
          attentionMs: totalOf(mean.counts) * attention.layerMs(step) + statesMs,
          allReduceMs: allLayers("allReduceMs", tokens) + sumOf(ends.map((end) => end.allReduceMs))(tokens),
          allToAllMs: allLayers("allToAllMs", replicas * tokens),
          pipelineTransferMs: sumOf(ends.map((end) => end.transferMs))(tokens),
          elementwiseMs:
            allLayers("elementwiseMs", tokens) + sumOf(ends.map((end) => end.elementwiseMs))(tokens),
          logitsMs: step.sampledSequences > 0 ? logitsUs(step.sampledSequences) / 1e3 : 0,
          hostMs:
            constants.hostMsPerStep * stages.length + constants.hostMsPerSequence * step.sampledSequences,
        };
        return { ...parts, totalMs: Object.values(parts).reduce((total, part) => total + part, 0) };
      },
      basis,
    };
  };
}

/** What `make` makes for the first of each key, in the order of the keys. */
function oncePerKey<T>(keys: readonly string[], make: (index: number) => T): T[] {
  const made = new Map<string, T>();
  return keys.map((key, index) => {
    const known = made.get(key) ?? make(index);
    made.set(key, known);
    return known;
  });
}

const totalOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Time by tokens: exact where a CUDA graph runs, from cells within 0.03 % above, as prompts make every count occur. */
function timeByTokens({ captured, eager }: { captured: Curve; eager: Curve }, graphs: CudaGraphs): Curve {
  const padded = tabulated((tokens) => captured(paddedTokens(tokens, graphs)), graphs.largestTokens);
  return (tokens) => (tokens <= graphs.largestTokens ? padded(tokens) : eager(tokens));
}

/** Figures that no table holds. A stage boundary across nodes is small beside the step and changes the kind alone. */
function basisOf(input: LatencyModelInput, roofline: ReadonlySet<string>): LatencyModel["basis"] {
  const more: string[] = [];
  const isTensorWhole = tensorRanksInNode(input) === input.tensorParallel;
  const gathering = gatheringRanks(input);
  const isExpertWhole = gathering.inNode === gathering.ranks;
  if (!isTensorWhole || !isExpertWhole) more.push("collectives across nodes (from bandwidth and latency)");
  if (input.model.experts && input.gpu.kind === "cpu")
    more.push("experts (grouped products priced as dense ones)");
  const figures = [...roofline, ...more];
  if (figures.length === 0) return { kind: "measured", figures };
  const isNear = isCheckedScaling(input.gpu) || denseReferenceOf(input.gpu).gpu.name === input.gpu.name;
  return { kind: more.length === 0 && isNear ? "scaled" : "roofline", figures };
}
