import type { ModelArchitecture } from "../../catalog";
import type { LatencyModelInput } from "../types";
import { partitionLayers } from "./partition-layers";
import { type GemmShape, type Shard, shardOf } from "./shard";

type Layer = NonNullable<ModelArchitecture["tensors"]>["layers"][number];
type Tensor = Layer["tensors"][number];

/** Layers that cost the same. */
export interface LayerKind {
  /** The model as if all its layers were of this kind. */
  readonly model: ModelArchitecture;
  readonly shard: Shard;
  /** What mixes the tokens: attention in any form, a state, or nothing. */
  readonly mixer: NonNullable<Layer["mixer"]> | "attention" | undefined;
  readonly hasFeedForward: boolean;
  /** Layers of this kind in each pipeline stage. */
  readonly counts: readonly number[];
}

type KindsInput = Pick<LatencyModelInput, "model" | "tensorParallel" | "pipelineParallel">;

const isExpert = ({ experts }: Tensor) => experts !== undefined;
const isMixer = ({ name }: Tensor) => /attn/.test(name) || /^mixer\.([qkvo]|in|out)_proj/.test(name);
const elements = (tensors: readonly Tensor[]) =>
  tensors.reduce((sum, { outputs, inputs }) => sum + outputs * inputs, 0);

/** Products of one rank: those that read the same input run as one. */
function gemmsOf(tensors: readonly Tensor[], ranks: number): GemmShape[] {
  const merged = new Map<number, number>();
  const closing: GemmShape[] = [];
  for (const { outputs, inputs, cut, heads = 1 } of tensors) {
    if (cut === "columns") closing.push({ n: outputs, k: inputs / ranks });
    else {
      const copied = cut === "heads" ? (Math.max(1, Math.ceil(heads / ranks)) * outputs) / heads : outputs;
      const n = cut === "rows" ? outputs / ranks : copied;
      merged.set(inputs, (merged.get(inputs) ?? 0) + n);
    }
  }
  return [...[...merged].map(([k, n]) => ({ n, k })), ...closing];
}

/** Experts as ones of three matrices over the whole hidden size: what bytes and arithmetic of others amount to. */
function expertsOf({ feedForward, tensors }: Layer, hidden: number): ModelArchitecture["experts"] {
  if (feedForward?.kind !== "experts") return undefined;
  const products = tensors.filter(({ kind }) => kind === "product");
  const width = elements(products.filter(isExpert)) / (3 * hidden);
  const shared = products.filter((tensor) => !isExpert(tensor) && !isMixer(tensor));
  return {
    count: feedForward.count,
    activePerToken: feedForward.activePerToken,
    intermediateSize: width,
    shared: elements(shared) / (3 * hidden) / width,
  };
}

function viewOf(model: ModelArchitecture, layer: Layer): ModelArchitecture {
  const { experts: _, latentAttention, slidingWindow: __, ...rest } = model;
  const { mixer, feedForward } = layer;
  const experts = expertsOf(layer, model.hiddenSize);
  return {
    ...rest,
    ...(mixer?.kind === "attention"
      ? { attentionHeads: mixer.heads, keyValueHeads: mixer.keyValueHeads, headDim: mixer.headDim }
      : {}),
    ...(mixer?.kind === "latent" && latentAttention ? { latentAttention } : {}),
    ...(mixer?.kind === "attention" && mixer.window !== undefined
      ? { slidingWindow: { tokens: mixer.window, layers: model.layers } }
      : {}),
    ...(feedForward?.kind === "dense" ? { intermediateSize: feedForward.width } : {}),
    ...(experts ? { experts } : {}),
  };
}

/** Whether every layer has attention and a feed-forward part: then a mean layer stands for all. */
const isRegular = ({ tensors }: ModelArchitecture): boolean =>
  tensors?.layers.every(({ mixer, feedForward }) => mixer && mixer.kind !== "recurrent" && feedForward) ??
  true;

/** The kinds of layers of a model: one for all of a regular one, else as many as differ in mixer or feed-forward part. */
export function layerKinds(input: KindsInput): LayerKind[] {
  const { model, tensorParallel, pipelineParallel } = input;
  const stages = partitionLayers(model.layers, pipelineParallel);
  if (isRegular(model) || !model.tensors) {
    return [{ model, shard: shardOf(input), mixer: "attention", hasFeedForward: true, counts: stages }];
  }
  const stageOf = stages.flatMap((count, stage) => Array.from({ length: count }, () => stage));
  const kinds = new Map<string, { layer: Layer; counts: number[] }>();
  for (const [index, layer] of model.tensors.layers.entries()) {
    const key = JSON.stringify([layer.mixer, layer.feedForward]);
    const kind = kinds.get(key) ?? { layer, counts: stages.map(() => 0) };
    kinds.set(key, kind);
    const stage = stageOf[index];
    kind.counts[stage]++;
  }
  return [...kinds.values()].map(({ layer, counts }) => {
    const view = viewOf(model, layer);
    const dense = layer.tensors.filter((tensor) => tensor.kind === "product" && !isExpert(tensor));
    const rest = dense.filter((tensor) => !isMixer(tensor));
    const shard = {
      ...shardOf({ ...input, model: view }),
      attentionGemms: gemmsOf(dense.filter(isMixer), tensorParallel),
      feedForwardGemms: layer.feedForward?.kind === "dense" ? gemmsOf(rest, tensorParallel) : [],
    };
    return {
      model: view,
      shard,
      mixer: layer.mixer,
      hasFeedForward: layer.feedForward !== undefined,
      counts,
    };
  });
}

/** Layers as launches see them: one without attention or without feed-forward is half of one. */
export function wholeLayers({ tensors }: ModelArchitecture, first: number, count: number): number {
  if (!tensors) return count;
  return tensors.layers
    .slice(first, first + count)
    .reduce((sum, { mixer, feedForward }) => sum + (mixer ? 0.5 : 0) + (feedForward ? 0.5 : 0), 0);
}
