import { type LatencyConstants, latencyConstants } from "../kernels/constants";
import { wholeLayers } from "../shards/layer-kinds";
import { partitionLayers } from "../shards/partition-layers";
import type { CudaGraphs } from "../step/cuda-graph-padding";
import { createKernelModels } from "../step/latency-model";
import type { LatencyModel, LatencyModelInput, PeerTokens, StepBreakdown, StepShape } from "../types";
import { type CalibratedConstants, calibrated } from "./calibrated";
import { drafted, draftLatencyInput } from "./drafted";
import { type EngineTraits, engineTraits } from "./engine-traits";

/**
 * Vocabulary of the rows that the time per sampled sequence was fitted on (Llama 3). Most of it is sampling, whose work
 * grows with the vocabulary: Llama 2 with 32 000 entries decodes 7 % faster at 50 sequences than Llama 3.1, all else equal.
 */
const SAMPLED_VOCABULARY = 128_256;

/** What decode attention takes beyond the measured kernels in this step and stage, in ms. */
function slowAttention(model: LatencyModel, factor: number) {
  const bare: StepShape = {
    tokens: 0,
    decodeSequences: 0,
    decodeContextTokens: 0,
    prefillAttentionMs: 0,
    sampledSequences: 0,
  };
  return (stage: number, step: StepShape, stageMs: number, peers?: PeerTokens): number => {
    if (factor === 1 || step.decodeSequences === 0) return 0;
    bare.tokens = step.tokens;
    bare.decodeSequences = step.decodeSequences;
    bare.decodeContextTokens = step.decodeSequences;
    bare.prefillAttentionMs = step.prefillAttentionMs;
    bare.sampledSequences = step.sampledSequences;
    return (factor - 1) * (stageMs - model.stageMs(stage, bare, peers));
  };
}

/** What the CPU takes at least to launch a step kernel by kernel, by stage, in ms. */
function dispatchFloorsMs(
  { model, pipelineParallel }: LatencyModelInput,
  { eagerDispatchMsPerLayer }: EngineTraits,
): number[] {
  const layers = partitionLayers(model.layers, pipelineParallel);
  const firsts = layers.map((_, stage) => layers.slice(0, stage).reduce((sum, count) => sum + count, 0));
  return layers.map((count, stage) => wholeLayers(model, firsts[stage], count) * eagerDispatchMsPerLayer);
}

function withTraits(
  model: LatencyModel,
  {
    traits,
    floorsMs,
    graphs,
  }: { readonly traits: EngineTraits; readonly floorsMs: readonly number[]; readonly graphs: CudaGraphs },
): LatencyModel {
  const isSlow = traits.decodeAttentionFactor !== 1;
  const extraMs = slowAttention(model, traits.decodeAttentionFactor);
  const lastStage = model.stages - 1;
  /** Of the CPU, which no factor of a kernel touches. */
  const hostMs = (stage: number, { sampledSequences }: StepShape) =>
    traits.hostMsPerStep + (stage === lastStage ? traits.hostMsPerSequence * sampledSequences : 0);
  const stageMs = (stage: number, step: StepShape, peers?: PeerTokens): number => {
    const isCaptured = (peers === undefined ? step.tokens : peers.mostTokens) <= graphs.largestTokens;
    const factor = isCaptured ? traits.graphFactor : traits.eagerFactor;
    const kernelsMs = model.stageMs(stage, step, peers);
    const slowMs = isSlow ? kernelsMs + extraMs(stage, step, kernelsMs, peers) : kernelsMs;
    const totalMs = factor === 1 ? slowMs : slowMs + (factor - 1) * (slowMs - hostMs(stage, step));
    return isCaptured ? totalMs : Math.max(totalMs, floorsMs[stage]);
  };
  const breakdown = (step: StepShape): StepBreakdown => {
    const parts = model.breakdown(step);
    let attentionMs = parts.attentionMs;
    let totalMs = 0;
    for (let stage = 0; stage < model.stages; stage++) {
      attentionMs += extraMs(stage, step, model.stageMs(stage, step));
      totalMs += stageMs(stage, step);
    }
    const waitsMs = totalMs - parts.totalMs - (attentionMs - parts.attentionMs);
    return { ...parts, attentionMs, hostMs: parts.hostMs + waitsMs, totalMs };
  };
  return { ...model, stageMs, breakdown };
}

/** Fitted values and kernel assumptions that a caller may replace one by one. */
export type ModelOverrides = Partial<CalibratedConstants & LatencyConstants>;

/**
 * Builds the step-time model of one replica: measured kernels (or a roofline where `basis` says so), host time, and what
 * the engine adds. vLLM since 0.14 takes at least 0.8 ms a layer for a step beyond its CUDA graphs, because the CPU
 * launches it kernel by kernel; TensorRT-LLM before 0.19 has slower decode attention than the measured kernels.
 *
 * The result makes the model for given CUDA graphs: how far they reach is a serving parameter, and all of them share
 * their tables.
 * @param overrides values that a calibration or a test puts in place of the committed ones
 */
export function createLatencyModels(
  input: LatencyModelInput,
  overrides: ModelOverrides = {},
): (graphs: CudaGraphs) => LatencyModel {
  const { draft, ...alone } = input;
  if (draft === undefined) return modelsAlone(input, overrides);
  const drafter = modelsAlone(draftLatencyInput(alone, draft), { ...overrides, ...NO_HOST_TIME });
  return drafted({ ...alone, draft }, modelsAlone(alone, overrides), drafter);
}

/** The CPU's time is of the step: a drafter that is launched behind the model adds none that was measured. */
const NO_HOST_TIME: ModelOverrides = {
  hostMsPerStep: 0,
  hostMsPerSequence: 0,
  mixtureHostMsPerSequence: 0,
  firstEngineHostMsPerStep: 0,
  firstEngineHostMsPerSequence: 0,
};

/** Models without what drafts for them. */
function modelsAlone(
  input: LatencyModelInput,
  overrides: ModelOverrides,
): (graphs: CudaGraphs) => LatencyModel {
  const fitted = engineTraits(input, { ...calibrated, ...overrides });
  const hostPerSequence = fitted.hostMsPerSequence * (input.model.vocabularySize / SAMPLED_VOCABULARY);
  const traits = { ...fitted, hostMsPerSequence: hostPerSequence };
  const { hostMsPerStep, hostMsPerSequence } = traits;
  const models = createKernelModels(input, {
    ...latencyConstants,
    ...overrides,
    hostMsPerStep,
    hostMsPerSequence,
  });
  const isPlain =
    traits.decodeAttentionFactor === 1 &&
    traits.eagerDispatchMsPerLayer === 0 &&
    traits.graphFactor === 1 &&
    traits.eagerFactor === 1;
  if (isPlain || input.gpu.kind === "cpu") return models;
  const floorsMs = dispatchFloorsMs(input, traits);
  return (graphs) => withTraits(models(graphs), { traits, floorsMs, graphs });
}

/** Graphs of a replica with the most sequences that vLLM captures for: what a step model assumes unless it is told. */
const FULL_DEFAULT: CudaGraphs = { largestTokens: 512, stride: 16 };

/** The step-time model with given CUDA graphs; by default vLLM's largest list, up to 512 tokens. */
export function createLatencyModel(
  input: LatencyModelInput,
  overrides: ModelOverrides = {},
  graphs: CudaGraphs = FULL_DEFAULT,
): LatencyModel {
  return createLatencyModels(input, overrides)(graphs);
}
