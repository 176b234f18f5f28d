import type { ModelArchitecture } from "../../catalog";
import type { Precision } from "../types";

/** What decides the bytes of a token in the cache. */
export interface KvInput {
  readonly tensorParallel: number;
  readonly kvCacheDtype: Precision;
  /** Tokens of the sequence that is counted; default: shorter than any window, its states left out. */
  readonly sequenceTokens?: number;
  /** Tokens in flight that a window keeps beside itself: what vLLM reserves for the longest sequence; default 0. */
  readonly inFlightTokens?: number;
  /** Layers with a state keep a second one where prefixes are cached; default true. */
  readonly prefixCaching?: boolean;
  /** Ranks over which the tokens are spread: each holds every so many-th; default 1. */
  readonly decodeContextParallel?: number;
  /** Tokens that are drafted: layers with a state keep one for each as well; default 0. */
  readonly draftTokens?: number;
}

/** States of a sequence that vLLM keeps in a layer: MambaSpec in v1/kv_cache_interface.py of 0.33. */
export const statesOf = ({ prefixCaching = true, draftTokens = 0 }: KvInput): number =>
  (prefixCaching ? 2 : 1) + draftTokens;

/** Layers of a pipeline stage. */
export interface StageLayers {
  readonly firstLayer: number;
  readonly layers: number;
}

/** What DeepSeek's sparse attention caches of a token in FP8: 512 values, 4 scales and the rotary part in BF16. */
export const SPARSE_FP8_BYTES = 656;
/** Keys of the indexer are cached in FP8 with one FP32 scale for 128 values. */
export const INDEXER_SCALE_BYTES = 4;
/** Tokens of a block of attention; pages that must hold a state are a multiple of it. */
export const BLOCK_TOKENS = 16;
/** The convolution's window is kept in the compute type. */
export const CONVOLUTION_BYTES = 2;

/** What mixes the tokens of a layer. */
export type Mixer = NonNullable<NonNullable<ModelArchitecture["tensors"]>["layers"][number]["mixer"]>;

/**
 * Bytes that one token takes in the cache of one layer on one GPU, in the mean over tokens where ranks share them; heads are
 * copied beyond their number.
 */
export function tokenBytes(mixer: Mixer, input: KvInput): number {
  return wholeTokenBytes(mixer, input) / (input.decodeContextParallel ?? 1);
}

/** The same on a rank that holds every token. */
function wholeTokenBytes(mixer: Mixer, { kvCacheDtype, tensorParallel }: KvInput): number {
  const width = kvCacheDtype === "fp8" ? 1 : 2;
  switch (mixer.kind) {
    case "attention": {
      const heads = Math.max(1, Math.ceil(mixer.keyValueHeads / tensorParallel));
      return heads * (mixer.headDim + mixer.valueHeadDim) * width;
    }
    case "latent": {
      const { indexer, keyValueRank, ropeHeadDim } = mixer;
      const latent = indexer && width === 1 ? SPARSE_FP8_BYTES : (keyValueRank + ropeHeadDim) * width;
      return latent + (indexer ? indexer.headDim + INDEXER_SCALE_BYTES : 0);
    }
    case "recurrent":
      return 0;
  }
}

/** Bytes that one sequence's state takes in one layer on one GPU. */
function stateBytes(mixer: Extract<Mixer, { kind: "recurrent" }>, { tensorParallel }: KvInput): number {
  const { stateElements, stateElementBytes, convolutionElements } = mixer;
  return (stateElements * stateElementBytes + convolutionElements * CONVOLUTION_BYTES) / tensorParallel;
}

/** Layers that share a block table: of one kind, and of one window. */
export function kindOf(mixer: Mixer): string {
  if (mixer.kind === "attention") return mixer.window === undefined ? "full" : `window ${mixer.window}`;
  return mixer.kind;
}

/** A kind of layer with a state counts its state in whole blocks of the attention beside it. */
function pageBytes(state: number, perToken: number): number {
  const block = BLOCK_TOKENS * perToken;
  return block > 0 ? Math.ceil(state / block) * block : state;
}

/** Kinds whose number is below this many times the least are padded to the largest, not to the least (vLLM 0.33). */
const PADDED_TO_LARGEST = 1.5;

/**
 * Layers of each kind as vLLM allocates them (v1/core/kv_cache_planning.py, groups of uniform pages): all groups have as many
 * layers, so kinds are padded to a multiple of the least of them, or all to the largest where they are almost as many.
 */
function paddedTo(counts: readonly number[]): number {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return most < least * PADDED_TO_LARGEST ? most : least;
}

/** Layers that are allocated for each one of a kind, by kind. */
export function paddingsOf(mixers: readonly Mixer[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const mixer of mixers) counts.set(kindOf(mixer), (counts.get(kindOf(mixer)) ?? 0) + 1);
  const group = paddedTo([...counts.values()]);
  return new Map([...counts].map(([kind, count]) => [kind, (Math.ceil(count / group) * group) / count]));
}

/** Layers that cache the same, and how many are allocated for them. */
interface AllocatedLayers {
  readonly mixer: Mixer;
  readonly allocated: number;
}

/** Counted so far, by the list of a stage, which `mixersOf` makes once. */
const allocatedBefore = new WeakMap<readonly Mixer[], readonly AllocatedLayers[]>();

function allocatedLayers(mixers: readonly Mixer[]): readonly AllocatedLayers[] {
  const before = allocatedBefore.get(mixers);
  if (before !== undefined) return before;
  const paddings = paddingsOf(mixers);
  const counts = new Map<string, { mixer: Mixer; allocated: number }>();
  for (const mixer of mixers) {
    const key = JSON.stringify(mixer);
    const alike = counts.get(key) ?? { mixer, allocated: 0 };
    alike.allocated += paddings.get(kindOf(mixer)) ?? 1;
    counts.set(key, alike);
  }
  const layers = [...counts.values()];
  allocatedBefore.set(mixers, layers);
  return layers;
}

/** Bytes of keys, values and states of a sequence by its kinds of layers, in one stage on one GPU. */
function sequenceBytes(mixers: readonly Mixer[], input: KvInput, tokens: number): number {
  const layers = allocatedLayers(mixers);
  const widest = Math.max(...layers.map(({ mixer }) => tokenBytes(mixer, input)));
  let bytes = 0;
  for (const { mixer, allocated } of layers) {
    if (mixer.kind === "recurrent") {
      bytes += allocated * statesOf(input) * pageBytes(stateBytes(mixer, input), widest);
    } else {
      const window = mixer.kind === "attention" ? mixer.window : undefined;
      // Blocks that a window has left are freed: of a long sequence only the window stays.
      const kept = window === undefined ? tokens : Math.min(tokens, window + (input.inFlightTokens ?? 0));
      bytes += allocated * tokenBytes(mixer, input) * kept;
    }
  }
  return bytes;
}

/**
 * Bytes of keys and values of one token on one GPU that holds some layers: those of a whole sequence of `sequenceTokens` over
 * its tokens, so that windows and states count with what a sequence of that length really holds.
 */
export function kvBytesPerToken(model: ModelArchitecture, stage: StageLayers, input: KvInput): number {
  const mixers = mixersOf(model, stage);
  if (model.tensors && input.sequenceTokens !== undefined)
    return sequenceBytes(mixers, input, input.sequenceTokens) / input.sequenceTokens;
  return mixers.reduce((sum, mixer) => sum + tokenBytes(mixer, input), 0);
}

/** Mixers that were asked for, by model and layers: every setting of every strategy asks for the same few. */
const known = new WeakMap<ModelArchitecture, Map<number, readonly Mixer[]>>();
/** More layers than any model has. */
const MOST_LAYERS = 1 << 16;

/** What mixes the tokens in the layers of a stage; all are alike where only the shape of a model is known. */
export function mixersOf(model: ModelArchitecture, stage: StageLayers): readonly Mixer[] {
  const ofModel = known.get(model) ?? new Map<number, readonly Mixer[]>();
  known.set(model, ofModel);
  const key = stage.firstLayer * MOST_LAYERS + stage.layers;
  const mixers = ofModel.get(key) ?? listMixers(model, stage);
  ofModel.set(key, mixers);
  return mixers;
}

function listMixers(model: ModelArchitecture, stage: StageLayers): readonly Mixer[] {
  if (model.tensors) {
    return model.tensors.layers
      .slice(stage.firstLayer, stage.firstLayer + stage.layers)
      .flatMap(({ mixer }) => (mixer ? [mixer] : []));
  }
  const { latentAttention, attentionHeads: heads, keyValueHeads, headDim } = model;
  const alike: Mixer = latentAttention
    ? {
        kind: "latent",
        heads,
        ...latentAttention,
        nopeHeadDim: latentAttention.queryHeadDim - latentAttention.ropeHeadDim,
      }
    : { kind: "attention", heads, keyValueHeads, headDim, valueHeadDim: headDim };
  return Array.from({ length: stage.layers }, () => alike);
}
