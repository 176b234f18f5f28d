import { inBackticks } from "../../config";
import { count, flag, list, part, type RawConfig, refuseConfig, words } from "./config-reader";
import { groupedLayer } from "./dense";
import { deltaHybridLayer, nemotronLayer } from "./hybrid";
import { latentLayer } from "./latent";
import type { Layer, ModelTensors } from "./layer";
import { gemma4Layer, mimoV2Layer, minimaxM3Layer, nasLayer } from "./particular";
import { plain } from "./tensor";
import { visionTensors } from "./vision";

type LayerOf = (config: RawConfig, index: number) => Layer;

/** How a layer of each `model_type` is made. A type that is absent is refused by its name. */
const FAMILIES: Readonly<Record<string, LayerOf>> = {
  llama: groupedLayer,
  mistral: groupedLayer,
  mistral3: groupedLayer,
  qwen2: groupedLayer,
  qwen3: groupedLayer,
  qwen3_vl_text: groupedLayer,
  gemma2: groupedLayer,
  gemma3_text: groupedLayer,
  phi3: groupedLayer,
  glm4: groupedLayer,
  mimo: groupedLayer,
  mixtral: groupedLayer,
  qwen2_moe: groupedLayer,
  qwen3_moe: groupedLayer,
  qwen3_vl_moe_text: groupedLayer,
  minimax_m2: groupedLayer,
  glm4_moe: groupedLayer,
  gpt_oss: groupedLayer,
  llama4_text: groupedLayer,
  minimax_m3: minimaxM3Layer,
  minimax_m3_vl: minimaxM3Layer,
  mimo_v2_flash: mimoV2Layer,
  gemma4_text: gemma4Layer,
  "nemotron-nas": nasLayer,
  deepseek_v2: latentLayer,
  deepseek_v3: latentLayer,
  deepseek_v32: latentLayer,
  kimi_k2: latentLayer,
  glm_moe_dsa: latentLayer,
  qwen3_next: deltaHybridLayer,
  qwen3_5_text: deltaHybridLayer,
  qwen3_5_moe_text: deltaHybridLayer,
  nemotron_h: nemotronLayer,
};

/** Values of model_type, of a config.json or of its text_config, that are read. */
export const MODEL_TYPES: readonly string[] = Object.keys(FAMILIES);

/** Throws a UserError for a model_type whose layers are not known. */
export function assertSupported(type: string): void {
  if (FAMILIES[type]) return;
  throw refuseConfig(
    `model_type "${type}" is not supported`,
    `${inBackticks("models")} lists the types that are read`,
  );
}

/** Keys that published configs leave to Transformers' defaults (huggingface/transformers configuration_gemma3.py). */
const DEFAULTS: Readonly<Record<string, RawConfig>> = {
  gemma3_text: {
    vocab_size: 262_208,
    max_position_embeddings: 131_072,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    sliding_window: 4096,
    sliding_window_pattern: 6,
  },
};

/** The text part of a config.json: a nested `text_config` with what only the outer one says. */
export function textConfigOf(config: RawConfig): RawConfig {
  const text = { ...config, ...part(config, "text_config") };
  return { ...DEFAULTS[String(text.model_type)], ...text };
}

/**
 * Families whose classes make the embedding on every stage, and those that make last norm and output projection there too
 * (0.33.0: vllm/model_executor/models/qwen3_5.py; mixtral.py, qwen2_moe.py, qwen3_moe.py, gpt_oss.py, gemma2.py, nemotron_h.py).
 */
const EMBEDDING_ON_EVERY_STAGE = /^(qwen3_5|gemma)/;
const BOTH_ON_EVERY_STAGE = /^(mixtral|qwen2_moe|qwen3_moe|qwen3_vl_moe|qwen3_next|gpt_oss|nemotron_h)/;

/** Keys that have an entry for each layer. */
const BY_LAYER = [
  "layer_types",
  "layers_block_type",
  "hybrid_override_pattern",
  "hybrid_layer_pattern",
  "block_configs",
  "mlp_layer_types",
  "moe_layer_freq",
  "indexer_types",
];

/** Throws a UserError for a list that ends before the last layer; longer ones have prediction modules, too. */
function listsReach(text: RawConfig, layers: number): void {
  for (const key of BY_LAYER) {
    const value = text[key];
    const entries = Array.isArray(value) || typeof value === "string" ? value.length : layers;
    if (entries >= layers) continue;
    throw refuseConfig(`${key} has ${entries} entries for the ${layers} layers of num_hidden_layers`);
  }
}

/** All tensors of the model that `config` describes; its model_type was asserted. Throws a UserError for wrong keys. */
export function readTensors(config: RawConfig): ModelTensors {
  const text = textConfigOf(config);
  const type = words(text, "model_type") ?? "";
  const layerOf = FAMILIES[type];
  if (!layerOf) throw new RangeError(`readTensors: ${type} was not asserted`);
  const layers = count(text, "num_hidden_layers", list(text, "layers_block_type")?.length);
  const hidden = count(text, "hidden_size");
  const vocabulary = count(text, "vocab_size");
  const tied = isTied(text);
  listsReach(text, layers);
  return {
    layers: Array.from({ length: layers }, (_, index) => layerOf(text, index)),
    embedding: plain("embed_tokens", vocabulary, hidden, "vocabulary"),
    ...(tied ? {} : { logits: plain("lm_head", vocabulary, hidden, "vocabulary") }),
    finalNorm: plain("norm", hidden),
    onEveryStage: {
      embedding: EMBEDDING_ON_EVERY_STAGE.test(type) || BOTH_ON_EVERY_STAGE.test(type),
      logits: BOTH_ON_EVERY_STAGE.test(type),
    },
    vision: visionTensors(config, hidden),
  };
}

/** Gemma ties its embeddings unless it says otherwise; all others say it. */
export const isTied = (text: RawConfig): boolean =>
  flag(text, "tie_word_embeddings", words(text, "model_type")?.startsWith("gemma") ?? false);
