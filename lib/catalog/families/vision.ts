import { count, countIf, list, part, type RawConfig } from "./config-reader";
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

/** Towers of which a projector or a rule differs. */
type Tower = "qwen" | "kimi" | "llama4" | "gemma4" | "minimax" | "siglip";

function towerOf(v: RawConfig, model: unknown): Tower {
  if (/^minimax_m3/.test(String(model))) return "minimax";
  if (v.vt_hidden_size !== undefined) return "kimi";
  if (v.model_type === "llama4_vision_model") return "llama4";
  if (/^gemma4/.test(String(v.model_type))) return "gemma4";
  return v.depth !== undefined || list(v, "deepstack_visual_indexes") ? "qwen" : "siglip";
}

/** The vision part that a config states, or that vLLM's classes have where it leaves it out; undefined for text alone. */
function statedVision(config: RawConfig): RawConfig | undefined {
  const stated = part(config, "vision_config");
  if (stated) return { ...SIGLIP, ...stated };
  return config.model_type === "llama4" ? { ...SIGLIP, ...LLAMA4 } : undefined;
}

/**
 * Vision tower of a multimodal config and the projector behind it: blocks of four attention matrices and two of the MLP,
 * cut by tensor parallelism, plus patch and position embeddings and mergers, kept whole or cut as vLLM has them.
 * Bytes only: text requests do not pass it.
 */
export function visionTensors(config: RawConfig, hidden: number): Tensor[] {
  const v = statedVision(config);
  if (!v) return [];
  const tower = towerOf(v, config.model_type);
  const width = count(v, ["vt_hidden_size", "hidden_size"]);
  const depth = count(v, ["depth", "vt_num_hidden_layers", "num_hidden_layers"]);
  const inner = count(v, ["vt_intermediate_size", "intermediate_size"]);
  const [matrices, tables] = tower === "gemma4" ? [3, 2] : [2, 1];
  const patch = count(v, "patch_size");
  const positions = count(v, ["num_position_embeddings", "position_embedding_size"], positionsOf(v, patch));
  // Gemma 4's tower is Transformers' own code, which vLLM does not cut.
  const cut = tower === "gemma4" ? "none" : "rows";
  // What vLLM quantises while it loads: not these towers, and of SigLIP not an MLP that is no multiple of 64.
  const attention = tower === "gemma4" || tower === "llama4" ? plain : product;
  const mlp = tower === "siglip" && inner % 64 !== 0 ? plain : attention;
  return [
    attention("visual.attention", depth * 4 * width, width, cut),
    mlp("visual.mlp", depth * matrices * inner, width, cut),
    plain("visual.patch_embed", width, 3 * patch * patch * count(v, "temporal_patch_size", 1)),
    ...(tower === "minimax" ? [] : [plain("visual.pos_embed", tables * positions, width)]),
    ...projector(tower, v, { width, hidden }),
  ];
}

function projector(
  tower: Tower,
  v: RawConfig,
  { width, hidden }: { readonly width: number; readonly hidden: number },
): Tensor[] {
  const merge = mergedPatches(v);
  switch (tower) {
    case "qwen": {
      const mergers = 1 + (list(v, "deepstack_visual_indexes")?.length ?? 0);
      return [
        product("visual.merger.fc1", mergers * merge * width, merge * width, "rows"),
        product("visual.merger.fc2", mergers * hidden, merge * width, "rows"),
      ];
    }
    case "kimi":
      return [plain("mm_projector", merge * width + hidden, merge * width)];
    case "llama4":
      return llamaProjector(v, hidden);
    case "minimax":
      return minimaxProjector(width, merge, hidden);
    default:
      return [plain("mm_projector", hidden, width)];
  }
}

function mergedPatches(v: RawConfig): number {
  const kernel = list(v, "merge_kernel_size");
  if (kernel)
    return kernel.reduce<number>(
      (product, side) => product * count({ merge_kernel_size: side }, "merge_kernel_size"),
      1,
    );
  const compression = part(v, "img_token_compression_config") ?? v;
  return count(compression, "spatial_merge_size", 1) ** 2;
}

function positionsOf(v: RawConfig, patch: number): number {
  const height = countIf(v, "init_pos_emb_height");
  if (height !== undefined) return height * count(v, "init_pos_emb_width");
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
