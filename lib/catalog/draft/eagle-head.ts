import { UserError } from "../../config";
import { count, isObject, list, type RawConfig, words } from "../families/config-reader";
import { attentionOf } from "../families/dense";
import type { Layer } from "../families/layer";
import { plain, product } from "../families/tensor";
import type { ModelArchitecture } from "../types";
import type { Draft } from "./draft";

/** Names under which vLLM 0.33 loads an EAGLE-3 head as llama_eagle3.py has it (models/registry.py). */
const LLAMA_HEADS =
  /^(LlamaForCausalLMEagle3|Eagle3LlamaForCausalLM|Eagle3MiniMaxM2ForCausalLM|Eagle3Qwen2_5vlForCausalLM|Eagle3Qwen3vlForCausalLM)$/;
/** Layers of the model whose hidden states a head reads unless it says otherwise. */
const HIDDEN_STATES = 3;

function refused(name: string, message: string, hint: string): UserError {
  return new UserError({
    code: "eagle-head",
    where: "serving.speculative.model",
    message: `${name} ${message}`,
    hint,
  });
}

function layersOf(c: RawConfig): readonly Layer[] {
  const hidden = count(c, "hidden_size");
  const width = count(c, "intermediate_size");
  const attention = attentionOf(c);
  const { heads, keyValueHeads, headDim } = attention;
  return Array.from({ length: count(c, "num_hidden_layers", 1) }, (_, index) => {
    // The first layer reads the embedding beside the hidden state.
    const inputs = index === 0 ? 2 * hidden : hidden;
    return {
      mixer: attention,
      feedForward: { kind: "dense" as const, width },
      tensors: [
        product("self_attn.q_proj", heads * headDim, inputs, "heads", heads),
        product("self_attn.k_proj", keyValueHeads * headDim, inputs, "heads", keyValueHeads),
        product("self_attn.v_proj", keyValueHeads * headDim, inputs, "heads", keyValueHeads),
        product("self_attn.o_proj", hidden, heads * headDim, "columns"),
        product("mlp.gate_proj", width, hidden, "rows"),
        product("mlp.up_proj", width, hidden, "rows"),
        product("mlp.down_proj", hidden, width, "columns"),
        plain("norms", 3 * hidden),
      ],
    };
  });
}

/**
 * An EAGLE-3 head by its config.json, as vLLM's llama_eagle3.py builds it: its layers, the product that joins hidden states
 * of three of the model's layers, an output projection over its own vocabulary, and an embedding of its own where its width
 * is not the model's. Throws a UserError for a head of another kind or of another model.
 */
export function eagleHead(name: string, json: unknown, target: ModelArchitecture): Draft {
  const c: RawConfig = isObject(json) ? json : {};
  const [architecture] = list(c, "architectures") ?? [];
  if (typeof architecture !== "string" || !LLAMA_HEADS.test(architecture)) {
    throw refused(
      name,
      `is ${typeof architecture === "string" ? `a ${architecture}` : "no EAGLE-3 head"}, which is not priced`,
      "use a head whose config.json says LlamaForCausalLMEagle3",
    );
  }
  const hidden = count(c, "hidden_size");
  const targetHidden = count(c, "target_hidden_size", hidden);
  const vocabulary = count(c, "vocab_size");
  if (targetHidden !== target.hiddenSize || vocabulary !== target.vocabularySize) {
    throw refused(
      name,
      `reads hidden states of ${targetHidden} and a vocabulary of ${vocabulary}, and ${target.name} has ${target.hiddenSize} and ${target.vocabularySize}`,
      "use a head that was trained for the model",
    );
  }
  const drafted = count(c, "draft_vocab_size", vocabulary);
  const eagle = isObject(c.eagle_config) ? c.eagle_config : {};
  const states = list(eagle, "eagle_aux_hidden_state_layer_ids")?.length ?? HIDDEN_STATES;
  const layers = layersOf(c);
  const joins = { outputs: hidden, inputs: states * targetHidden, everyPass: false };
  const ends = [
    product("fc", joins.outputs, joins.inputs, "none"),
    plain("norm", hidden),
    plain("lm_head", drafted, hidden, "vocabulary"),
    ...(hidden === targetHidden ? [] : [plain("embed_tokens", vocabulary, hidden, "vocabulary")]),
    // What a drafted token is in the model's vocabulary, 8 bytes each.
    ...(drafted === vocabulary ? [] : [{ ...plain("draft_id_to_target_id", drafted), elementBytes: 8 }]),
  ];
  const [first, ...others] = layers;
  const attention = attentionOf(c);
  const model: ModelArchitecture = {
    name,
    modelType: words(c, "model_type") ?? "llama",
    layers: layers.length,
    hiddenSize: hidden,
    intermediateSize: count(c, "intermediate_size"),
    attentionHeads: attention.heads,
    keyValueHeads: attention.keyValueHeads,
    headDim: attention.headDim,
    vocabularySize: drafted,
    tiedEmbeddings: false,
    maxPositionEmbeddings: count(c, "max_position_embeddings", target.maxPositionEmbeddings),
    tensors: {
      layers: [...(first ? [{ ...first, tensors: [...first.tensors, ...ends] }] : []), ...others],
      embedding: plain("embed_tokens", vocabulary, hidden, "vocabulary"),
      finalNorm: plain("norm", hidden),
      onEveryStage: { embedding: false, logits: false },
      vision: [],
    },
    provenance: { source: `config.json of ${name}`, date: "as given" },
  };
  return {
    method: "eagle3",
    name,
    model,
    isWhole: false,
    quantizedAsModel: false,
    joins,
    keptElements: hidden + joins.inputs,
    needsFirstStage: true,
  };
}
