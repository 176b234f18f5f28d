import type { Checkpoint } from "./checkpoint/read-checkpoint";
import { count, flag, type RawConfig, refuseConfig, words } from "./families/config-reader";
import { headDimOf } from "./families/dense";
import type { Layer, ModelTensors } from "./families/layer";
import { queryKeyNorm } from "./families/query-key-norm";
import { isTied, textConfigOf } from "./families/read-tensors";
import { knownLength } from "./families/rope";
import type { StorageFormat, Tensor } from "./families/tensor";
import type { ModelArchitecture, StoredFormats } from "./types";

/** The layers with what the checkpoint says of each product. */
export function withStorage(tensors: ModelTensors, checkpoint: Checkpoint): ModelTensors {
  const stored = (layer: Layer, index: number): Layer => ({
    ...layer,
    tensors: layer.tensors.map((tensor) => {
      const how = checkpoint.storedOf(index, tensor);
      return how ? { ...tensor, stored: how } : tensor;
    }),
  });
  const { logits } = checkpoint;
  return {
    ...tensors,
    layers: tensors.layers.map(stored),
    ...(tensors.logits && logits ? { logits: { ...tensors.logits, kind: "product", stored: logits } } : {}),
  };
}

/** The format that holds most of the elements of some products. */
function mainFormat(tensors: readonly Tensor[]): StorageFormat {
  const elements = new Map<StorageFormat, number>();
  for (const { kind, outputs, inputs, experts = 1, stored } of tensors) {
    if (kind !== "product") continue;
    const format = stored?.format ?? "bf16";
    elements.set(format, (elements.get(format) ?? 0) + outputs * inputs * experts);
  }
  return [...elements].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "bf16";
}

const isMixer = ({ name }: Tensor) => /attn|mixer\.(q|k|v|o|in|out)_proj/.test(name);

/** What the checkpoint stores attention, dense feed-forward (shared experts too) and routed experts in. */
export function formatsOf({ layers }: ModelTensors): StoredFormats {
  const all = layers.flatMap(({ tensors }) => tensors);
  const routed = all.filter(({ experts }) => experts !== undefined);
  const rest = all.filter(({ experts }) => experts === undefined);
  return {
    attention: mainFormat(rest.filter(isMixer)),
    feedForward: mainFormat(rest.filter((tensor) => !isMixer(tensor))),
    ...(routed.length > 0 ? { experts: mainFormat(routed) } : {}),
  };
}

/** Layers that see only the latest tokens. Windows of several widths count as the widest. */
function slidingWindow(layers: readonly Layer[]): ModelArchitecture["slidingWindow"] {
  const windows = layers.flatMap(({ mixer }) =>
    mixer?.kind === "attention" && mixer.window !== undefined ? [mixer.window] : [],
  );
  return windows.length === 0 ? undefined : { tokens: Math.max(...windows), layers: windows.length };
}

function latentAttention(layers: readonly Layer[]): ModelArchitecture["latentAttention"] {
  const mixer = layers.find((layer) => layer.mixer?.kind === "latent")?.mixer;
  if (mixer?.kind !== "latent") return undefined;
  return {
    keyValueRank: mixer.keyValueRank,
    ropeHeadDim: mixer.ropeHeadDim,
    ...(mixer.queryRank === undefined ? {} : { queryRank: mixer.queryRank }),
    queryHeadDim: mixer.nopeHeadDim + mixer.ropeHeadDim,
    valueHeadDim: mixer.valueHeadDim,
  };
}

function expertsOf(layers: readonly Layer[]): ModelArchitecture["experts"] {
  const mixture = layers.find(({ feedForward }) => feedForward?.kind === "experts")?.feedForward;
  if (mixture?.kind !== "experts") return undefined;
  const { count: experts, activePerToken, width, sharedWidth } = mixture;
  if (activePerToken > experts) {
    throw refuseConfig(
      `num_experts_per_tok must be between 1 and the ${experts} experts, and is ${activePerToken}`,
    );
  }
  return { count: experts, activePerToken, intermediateSize: width, shared: sharedWidth / width };
}

function denseWidth({ layers }: ModelTensors, text: RawConfig): number {
  const dense = layers.find(({ feedForward }) => feedForward?.kind === "dense")?.feedForward;
  if (dense?.kind === "dense") return dense.width;
  return count(text, ["intermediate_size", "moe_intermediate_size"]);
}

/** Families whose prediction modules vLLM 0.33 drafts with and whose tensors are known (config/speculative.py, hf_config_override). */
const DRAFTING =
  /^(deepseek_v3|deepseek_v32|glm_moe_dsa|glm4_moe|qwen3_next|qwen3_5_text|qwen3_5_moe_text|mimo)$/;

/** Prediction modules of the checkpoint; Qwen3-Next has one and does not say so. */
function predictionModules(text: RawConfig, type: string): number {
  if (!DRAFTING.test(type)) return 0;
  const stated = text.num_nextn_predict_layers ?? text.mtp_num_hidden_layers;
  return typeof stated === "number" ? stated : type === "qwen3_next" ? 1 : 0;
}

/** The figures of a model that stand for all its layers, beside the tensors themselves. */
export function architectureOf(
  config: RawConfig,
  tensors: ModelTensors,
): Omit<ModelArchitecture, "name" | "provenance"> {
  const text = textConfigOf(config);
  const type = words(text, "model_type") ?? "";
  const heads = count(text, "num_attention_heads");
  const experts = expertsOf(tensors.layers);
  const window = slidingWindow(tensors.layers);
  const latent = latentAttention(tensors.layers);
  const modules = predictionModules(text, type);
  const headNorm = queryKeyNorm(type);
  const grouped = tensors.layers.find(({ mixer }) => mixer?.kind === "attention")?.mixer;
  return {
    modelType: type,
    layers: tensors.layers.length,
    hiddenSize: count(text, "hidden_size"),
    intermediateSize: denseWidth(tensors, text),
    attentionHeads: heads,
    keyValueHeads:
      grouped?.kind === "attention" ? grouped.keyValueHeads : count(text, "num_key_value_heads", heads),
    headDim: grouped?.kind === "attention" ? grouped.headDim : latent ? latent.queryHeadDim : headDimOf(text),
    vocabularySize: count(text, "vocab_size"),
    tiedEmbeddings: isTied(text),
    maxPositionEmbeddings: knownLength(text, count(text, "max_position_embeddings")),
    ...(experts ? { experts } : {}),
    // Qwen 2 always has the bias and does not say so; the others say it.
    ...(flag(text, "attention_bias", type.startsWith("qwen2")) ? { attentionBias: true } : {}),
    ...(headNorm ? { queryKeyNorm: headNorm } : {}),
    ...(window ? { slidingWindow: window } : {}),
    ...(latent ? { latentAttention: latent } : {}),
    ...(modules > 0 ? { predictionModules: modules } : {}),
    tensors,
  };
}
