import { type AttentionCurves, mixedCurves } from "../kernels/attention";
import type { KernelSet } from "../kernels/kernel-set";
import type { RecurrentCurves } from "../kernels/recurrent-of";
import { tabulatedCurve } from "../kernels/tabulated";
import type { LayerKind } from "../shards/layer-kinds";
import type { LatencyModelInput, StepShape } from "../types";
import { sharedContext } from "./context-parallel";

const totalOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Attention of a kind of layer: latent, or over the whole context in some layers and over a window in the others. */
function attentionOfKind(input: LatencyModelInput, kernels: KernelSet, kind: LayerKind): AttentionCurves {
  const own = wholeContext(input, kernels, kind);
  const { decodeContextParallel: ranks = 1 } = input;
  if (ranks === 1) return own;
  const { shard } = kind;
  const widened = { ...kind, shard: { ...shard, queryHeads: shard.queryHeads * ranks } };
  return sharedContext(input, kernels, kind, { own, wide: wholeContext(input, kernels, widened) });
}

/** The same on ranks that hold every token. */
function wholeContext(
  input: LatencyModelInput,
  kernels: KernelSet,
  { model, shard }: LayerKind,
): AttentionCurves {
  const { kvCacheDtype } = input;
  const format = input.formats?.attention ?? input.precision;
  const latent = model.latentAttention && kernels.latentAttention?.(shard.queryHeads, kvCacheDtype, format);
  if (latent) return latent;
  const { slidingWindow } = model;
  if (slidingWindow === undefined) return kernels.attention(shard, kvCacheDtype);
  const windowed = kernels.attention(shard, kvCacheDtype, slidingWindow.tokens);
  const share = slidingWindow.layers / model.layers;
  return share === 1 ? windowed : mixedCurves(windowed, kernels.attention(shard, kvCacheDtype), share);
}

/** Attention of the mean of those layers that have it. */
export interface MeanAttention {
  readonly curves: AttentionCurves;
  /** Layers that have attention: in all, at least 1, and by stage. */
  readonly layers: number;
  readonly counts: readonly number[];
}

const NONE: AttentionCurves = { promptWorkUs: () => 1, workToTimeUs: () => 1, decodeUs: () => 1 };

export function meanAttention(
  input: LatencyModelInput,
  kernels: KernelSet,
  kinds: readonly LayerKind[],
): MeanAttention {
  const having = kinds.filter(({ mixer }) => mixer === "attention" || (mixer && mixer.kind !== "recurrent"));
  const counts = (kinds[0]?.counts ?? []).map((_, stage) =>
    totalOf(having.map((kind) => kind.counts[stage])),
  );
  let layers = 0;
  let curves = NONE;
  for (const kind of having) {
    const more = totalOf(kind.counts);
    const own = attentionOfKind(input, kernels, kind);
    curves = layers === 0 ? own : mixedCurves(curves, own, layers / (layers + more));
    layers += more;
  }
  return { curves, layers: Math.max(1, layers), counts };
}

/** Reading and writing the states of a layer that no table prices: its bytes at the memory's bandwidth. */
function fromBandwidth({ gpu }: LatencyModelInput, stateBytes: number): RecurrentCurves {
  const us = (sequences: number) => (2 * sequences * stateBytes * 1e6) / gpu.hbmBytesPerSecond;
  return { decodeUs: us, prefillUs: (tokens) => us(Math.max(1, tokens / 64)) };
}

/** Time of the layers that keep a state, by stage, in ms. */
export function recurrentModel(
  input: LatencyModelInput,
  kernels: KernelSet,
  kinds: readonly LayerKind[],
): { stageMs(stage: number, step: StepShape): number } {
  const having = kinds.flatMap(({ mixer, counts }) => {
    if (mixer === undefined || mixer === "attention" || mixer.kind !== "recurrent") return [];
    const { variant, stateElementBytes } = mixer;
    const stateElements = mixer.stateElements / input.tensorParallel;
    const curves =
      kernels.recurrent?.({ variant, stateElements, stateElementBytes }) ??
      fromBandwidth(input, stateElements * stateElementBytes);
    return [
      { counts, decodeUs: tabulatedCurve(curves.decodeUs), prefillUs: tabulatedCurve(curves.prefillUs) },
    ];
  });
  if (having.length === 0) return { stageMs: () => 0 };
  return {
    stageMs: (stage, { tokens, decodeSequences }) =>
      totalOf(
        having.map(({ counts, decodeUs, prefillUs }) => {
          const prompts = Math.max(0, tokens - decodeSequences);
          const decode = decodeSequences > 0 ? decodeUs(decodeSequences) : 0;
          return (counts[stage] * (decode + (prompts > 0 ? prefillUs(prompts) : 0))) / 1e3;
        }),
      ),
  };
}
