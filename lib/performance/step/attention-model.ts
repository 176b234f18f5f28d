import type { Gpu, ModelArchitecture } from "../../catalog";
import type { AttentionCurves } from "../kernels/attention";
import { tabulated, tabulatedByOctave, tabulatedCurve } from "../kernels/tabulated";
import type { LatencyModelInput, StepShape } from "../types";

/** Sizes that are tabulated: vLLM's default limit is 256 to 1024 sequences; long contexts end at 131072 tokens. */
const TABULATED = { sequences: 1024, context: 131_072 };

/** Attention of a step. */
export interface AttentionModel {
  /** One layer, in ms. */
  layerMs(step: StepShape): number;
  /** Work of `chunk` prompt tokens after `past` computed ones over all layers, in ms; adds up over prompts. */
  prefillMs(past: number, chunk: number): number;
}

/**
 * Attention over `layers` layers. A chunk costs the whole prompt less what was computed before, work(past + chunk) -
 * work(past); a step's prompts share the GPU, so their work is summed before it becomes time.
 */
export function attentionModel(layers: number, curves: AttentionCurves): AttentionModel {
  const decodeUs = tabulatedByOctave(curves.decodeUs, TABULATED.sequences);
  const workUs = tabulated(curves.promptWorkUs, TABULATED.context);
  // A hundredth of a microsecond is the unit, so that the table's sizes of 1 and more reach down to one token.
  const timeUs = tabulatedCurve((work) => curves.workToTimeUs(work / 100));
  const workBefore = (length: number) => (length > 0 ? workUs(length) : 0);
  return {
    layerMs: ({ decodeSequences, decodeContextTokens, prefillAttentionMs }) => {
      const decode =
        decodeSequences > 0 ? decodeUs(decodeSequences, decodeContextTokens / decodeSequences) : 0;
      const prefill = prefillAttentionMs > 0 ? timeUs((prefillAttentionMs * 1e5) / layers) : 0;
      return (decode + prefill) / 1e3;
    },
    prefillMs: (past, chunk) => (layers * (workBefore(past + chunk) - workBefore(past))) / 1e3,
  };
}

const known = new WeakMap<ModelArchitecture, WeakMap<Gpu, Map<string, AttentionModel>>>();

/**
 * The attention of a replica, made once for all that cut it alike: strategies that differ in how layers, replicas or
 * experts are spread have the same kernels, and filling their tables is most of what a first step costs.
 */
export function sharedAttention(input: LatencyModelInput, make: () => AttentionModel): AttentionModel {
  const { model, gpu, pipelineParallel, expertParallel, expertReplicas, sequenceParallel, ...more } = input;
  // Ranks that share the tokens of a sequence ask each other for them; others attend alone, wherever they are.
  const { gpusPerNode, network, ...rest } = more;
  const places = (input.decodeContextParallel ?? 1) > 1 ? [pipelineParallel, gpusPerNode, network] : [];
  const ofModel = known.get(model) ?? new WeakMap<Gpu, Map<string, AttentionModel>>();
  const ofGpu = ofModel.get(gpu) ?? new Map<string, AttentionModel>();
  known.set(model, ofModel.set(gpu, ofGpu));
  const key = JSON.stringify([rest, ...places]);
  const attention = ofGpu.get(key) ?? make();
  ofGpu.set(key, attention);
  return attention;
}
