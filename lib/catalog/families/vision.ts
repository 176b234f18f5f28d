import { count, isObject, list, type RawConfig } from "./config-reader";
import { plain, product, type Tensor } from "./tensor";

/** SigLIP-400M as Gemma 3 has it: what its configs leave to Transformers' defaults. */
const SIGLIP = { intermediate_size: 4304, patch_size: 14, image_size: 896 };

/** Llama 4's tower, where a config leaves it to Transformers' defaults. */
const LLAMA4: RawConfig = {
  model_type: "llama4_vision_model",
  hidden_size: 768,
  num_hidden_layers: 34,
  intermediate_size: 5632,
  patch_size: 14,
  image_size: 448,
  projector_input_dim: 4096,
  projector_output_dim: 4096,
  vision_output_dim: 7680,
};

/**
 * Vision tower of a multimodal config and the projector behind it: blocks of four attention matrices and two of the MLP,
 * cut by tensor parallelism, plus patch and position embeddings and mergers, kept whole or cut as vLLM has them.
 * Bytes only: text requests do not pass it.
 */
export function visionTensors(config: RawConfig, hidden: number): Tensor[] {
  const stated = isObject(config.vision_config)
    ? config.vision_config
    : config.model_type === "llama4"
      ? LLAMA4
      : undefined;
  if (!stated) return [];
  const v: RawConfig = { ...SIGLIP, ...stated };
  const width = count(v, ["vt_hidden_size", "hidden_size"]);
  const depth = count(v, ["depth", "vt_num_hidden_layers", "num_hidden_layers"]);
  const inner = count(v, ["vt_intermediate_size", "intermediate_size"]);
  const gated = /^gemma4/.test(String(v.model_type)) ? 3 : 2;
  const merge = mergedPatches(v);
  const patch = count(v, "patch_size");
  const positions = count(v, ["num_position_embeddings", "position_embedding_size"], positionsOf(v, patch));
  const tables = /^gemma4/.test(String(v.model_type)) ? 2 : 1;
  const mergers = 1 + (list(v, "deepstack_visual_indexes")?.length ?? 0);
  const isQwen = mergers > 1 || v.depth !== undefined;
  const isKimi = v.vt_hidden_size !== undefined;
  const isMinimax = /^minimax_m3/.test(String(config.model_type));
  const isLlama = v.model_type === "llama4_vision_model";
  // Gemma 4's tower is Transformers' own code, which vLLM does not cut.
  const cut = /^gemma4/.test(String(v.model_type)) ? "none" : "rows";
  // What vLLM quantises while it loads: not these towers, and of SigLIP not an MLP that is no multiple of 64.
  const isQuantised = !/^(gemma4|llama4)/.test(String(v.model_type));
  const attention = isQuantised ? product : plain;
  const mlp = isQuantised && (isQwen || inner % 64 === 0) ? product : plain;
  return [
    attention("visual.attention", depth * 4 * width, width, cut),
    mlp("visual.mlp", depth * gated * inner, width, cut),
    plain("visual.patch_embed", width, 3 * patch * patch * count(v, "temporal_patch_size", 1)),
    ...(isMinimax ? [] : [plain("visual.pos_embed", tables * positions, width)]),
    ...(isQwen
      ? [
          product("visual.merger.fc1", mergers * merge * width, merge * width, "rows"),
          product("visual.merger.fc2", mergers * hidden, merge * width, "rows"),
        ]
      : isKimi
        ? [plain("mm_projector", merge * width + hidden, merge * width)]
        : isLlama
          ? llamaProjector(v, hidden)
          : isMinimax
            ? minimaxProjector(width, merge, hidden)
            : [plain("mm_projector", hidden, width)]),
  ];
}

function mergedPatches(v: RawConfig): number {
  const kernel = list(v, "merge_kernel_size");
  if (kernel) return kernel.reduce<number>((product, side) => product * Number(side), 1);
  const compression = isObject(v.img_token_compression_config) ? v.img_token_compression_config : v;
  return count(compression, "spatial_merge_size", 1) ** 2;
}

function positionsOf(v: RawConfig, patch: number): number {
  if (typeof v.init_pos_emb_height === "number")
    return v.init_pos_emb_height * count(v, "init_pos_emb_width");
  return (count(v, "image_size", patch) / patch) ** 2;
}

/** Llama 4: a pixel-shuffled adapter of two layers, then one linear layer to the text. */
function llamaProjector(v: RawConfig, hidden: number): Tensor[] {
  const input = count(v, "projector_input_dim");
  const output = count(v, "projector_output_dim");
  return [
    plain("vision_adapter", input, count(v, "intermediate_size"), "rows"),
    plain("vision_adapter.fc2", output, input, "rows"),
    plain("multi_modal_projector", hidden, count(v, "vision_output_dim"), "rows"),
  ];
}

/** MiniMax M3: a projector of two layers, then two that merge neighbouring patches. */
function minimaxProjector(width: number, merge: number, hidden: number): Tensor[] {
  return [
    plain("multi_modal_projector", hidden, width + hidden, "rows"),
    plain("patch_merge_mlp", hidden, merge * hidden + hidden, "rows"),
  ];
}
