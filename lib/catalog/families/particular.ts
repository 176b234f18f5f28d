import { type GroupedAttention, groupedAttention } from "./attention";
import { count, flag, isObject, list, part, type RawConfig, refuseConfig } from "./config-reader";
import { attentionOf, feedForwardOf, feedForwardTensors, windowOf } from "./dense";
import { denseFeedForward, experts, type FeedForward } from "./feed-forward";
import type { Layer } from "./layer";
import { plain, product } from "./tensor";

/** Layer `index` of Gemma 4: full layers have wider heads and fewer keys; dense and experts run side by side. */
export function gemma4Layer(c: RawConfig, index: number): Layer {
  const hidden = count(c, "hidden_size");
  const window = windowOf(c, index);
  const full = {
    ...c,
    head_dim: c.global_head_dim ?? c.head_dim,
    num_key_value_heads: c.num_global_key_value_heads ?? c.num_key_value_heads,
    v_head_dim: undefined,
  };
  const attention = attentionOf(window === undefined ? full : c, window);
  const width = count(c, "intermediate_size");
  const moe: Extract<FeedForward, { kind: "experts" }> | undefined = flag(c, "enable_moe_block")
    ? {
        kind: "experts",
        count: count(c, "num_experts"),
        activePerToken: count(c, "top_k_experts"),
        width: count(c, "moe_intermediate_size"),
        sharedWidth: 0,
      }
    : undefined;
  return {
    mixer: attention,
    feedForward: moe ? { ...moe, sharedWidth: width } : { kind: "dense", width },
    tensors: [
      ...groupedAttention(hidden, attention),
      ...denseFeedForward(hidden, width),
      ...(moe ? experts(hidden, moe, { prefix: "moe" }) : []),
      plain("norms", (moe ? 8 : 4) * hidden + 2 * attention.headDim),
    ],
  };
}

/** Layer `index` of MiMo V2: windowed layers have heads of their own, and sinks. */
export function mimoV2Layer(c: RawConfig, index: number): Layer {
  const hidden = count(c, "hidden_size");
  const windowed = list(c, "hybrid_layer_pattern")?.[index] === 1;
  const own = windowed
    ? {
        ...c,
        num_attention_heads: c.swa_num_attention_heads ?? c.num_attention_heads,
        num_key_value_heads: c.swa_num_key_value_heads ?? c.num_key_value_heads,
        head_dim: c.swa_head_dim ?? c.head_dim,
        v_head_dim: c.swa_v_head_dim ?? c.v_head_dim,
      }
    : c;
  const attention: GroupedAttention = {
    ...attentionOf(own, windowed ? count(c, "sliding_window") : undefined),
    sinks: flag(c, windowed ? "add_swa_attention_sink_bias" : "add_full_attention_sink_bias"),
  };
  const feedForward = feedForwardOf(c, index);
  return {
    mixer: attention,
    feedForward,
    tensors: [
      ...groupedAttention(hidden, attention),
      ...feedForwardTensors(c, feedForward),
      plain("norms", 2 * hidden),
    ],
  };
}

/** Layer `index` of MiniMax M3: grouped attention, on most layers over blocks that a small attention picks. */
export function minimaxM3Layer(c: RawConfig, index: number): Layer {
  const hidden = count(c, "hidden_size");
  const attention = attentionOf(c);
  const feedForward = feedForwardOf(c, index);
  const sparse = part(c, "sparse_attention_config") ?? {};
  const isSparse = list(sparse, "sparse_attention_freq")?.[index] === 1;
  const dim = isSparse ? count(sparse, "sparse_index_dim") : 0;
  const heads = isSparse ? count(sparse, "sparse_num_index_heads") : 0;
  return {
    mixer: attention,
    feedForward,
    tensors: [
      ...groupedAttention(hidden, attention),
      ...(isSparse
        ? [
            product("self_attn.index_q_proj", heads * dim, hidden, "rows"),
            product("self_attn.index_k_proj", dim, hidden, "none"),
          ]
        : []),
      ...feedForwardTensors(c, feedForward),
      plain("norms", 2 * hidden + 2 * attention.headDim + 2 * dim),
    ],
  };
}

const NAS_BLOCK = 256;

/** Width of a feed-forward layer of nemotron-nas: a multiple of two thirds of four hidden sizes, rounded up. */
const nasWidth = (hidden: number, multiplier: number) =>
  Math.ceil(Math.trunc((2 * multiplier * hidden) / 3) / NAS_BLOCK) * NAS_BLOCK;

/** Layer `index` of nemotron-nas: attention or feed-forward may be left out, groups and widths differ by layer. */
export function nasLayer(c: RawConfig, index: number): Layer {
  const hidden = count(c, "hidden_size");
  const block = list(c, "block_configs")?.[index];
  const { attention, ffn } = isObject(block) ? block : {};
  if (!isObject(attention) || !isObject(ffn)) {
    throw refuseConfig(`block_configs has no layer ${index}`, "give the config.json of the model repository");
  }
  if (flag(attention, "replace_with_linear") || flag(ffn, "replace_with_linear")) {
    throw refuseConfig(
      `layer ${index} replaces attention or feed-forward by one linear layer`,
      "vLLM refuses such layers too; use a model without them",
    );
  }
  const heads = count(c, "num_attention_heads");
  const mixer = flag(attention, "no_op")
    ? undefined
    : attentionOf({ ...c, num_key_value_heads: heads / count(attention, "n_heads_in_group") });
  const width = flag(ffn, "no_op") || typeof ffn.ffn_mult !== "number" ? 0 : nasWidth(hidden, ffn.ffn_mult);
  return {
    ...(mixer ? { mixer } : {}),
    ...(width > 0 ? { feedForward: { kind: "dense" as const, width } } : {}),
    tensors: [
      ...(mixer ? groupedAttention(hidden, mixer) : []),
      ...(width > 0 ? denseFeedForward(hidden, width) : []),
      plain("norms", 2 * hidden),
    ],
  };
}
