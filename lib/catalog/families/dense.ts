import { type GroupedAttention, groupedAttention } from "./attention";
import {
  count,
  countIf,
  countOrZero,
  flag,
  list,
  type RawConfig,
  refuseConfig,
  words,
} from "./config-reader";
import { denseFeedForward, experts, type FeedForward } from "./feed-forward";
import type { Layer } from "./layer";
import { queryKeyNorm, queryKeyNormWeights } from "./query-key-norm";
import { plain, type Tensor } from "./tensor";

/** Head width: stated, or the hidden size shared by the heads. */
export function headDimOf(c: RawConfig): number {
  const hidden = count(c, "hidden_size");
  const heads = count(c, "num_attention_heads");
  const headDim = count(c, "head_dim", hidden / heads);
  if (Number.isInteger(headDim)) return headDim;
  throw refuseConfig(
    `hidden_size ${hidden} is not a multiple of num_attention_heads ${heads}`,
    "check the config.json of the model repository, or give head_dim",
  );
}

/** Grouped attention as almost every config.json states it. `window` in tokens, absent for all. */
export function attentionOf(c: RawConfig, window?: number): GroupedAttention {
  const headDim = headDimOf(c);
  const heads = count(c, "num_attention_heads");
  const keyValueHeads = count(c, "num_key_value_heads", heads);
  if (heads % keyValueHeads !== 0) {
    throw refuseConfig(
      `num_attention_heads ${heads} is not a multiple of num_key_value_heads ${keyValueHeads}`,
    );
  }
  return {
    kind: "attention",
    heads,
    keyValueHeads,
    headDim,
    valueHeadDim: count(c, "v_head_dim", headDim),
    ...(window === undefined ? {} : { window }),
  };
}

/** Window of layer `index`: by `layer_types`, by a pattern (every n-th layer sees all), or of the whole model. */
export function windowOf(c: RawConfig, index: number): number | undefined {
  const types = list(c, "layer_types");
  const window = countOrZero(c, "sliding_window") || undefined;
  if (types) {
    if (types[index] === "chunked_attention") return count(c, "attention_chunk_size");
    return types[index] === "sliding_attention" ? window : undefined;
  }
  if (window === undefined || !flag(c, "use_sliding_window", true)) return undefined;
  const pattern =
    countIf(c, "sliding_window_pattern") ?? (words(c, "model_type")?.startsWith("gemma2") ? 2 : undefined);
  if (pattern !== undefined) return (index + 1) % pattern === 0 ? undefined : window;
  // Qwen 2 limits the window to its last layers, and ships it switched off.
  return words(c, "model_type")?.startsWith("qwen2") ? undefined : window;
}

interface Norms {
  /** Norms of a layer over the hidden state. */
  readonly hidden: number;
  /** Norms of queries and keys together, in elements. */
  readonly heads: number;
}

const normTensors = (hidden: number, norms: Norms): Tensor[] => [
  plain("norms", norms.hidden * hidden),
  ...(norms.heads > 0 ? [plain("self_attn.qk_norm", norms.heads)] : []),
];

/** The mixture of experts of layer `index`, or its dense width: families that always have experts state their number. */
export function feedForwardOf(c: RawConfig, index: number): FeedForward {
  const expertCount = count(c, ["num_local_experts", "num_experts", "n_routed_experts"], 1);
  const frequency = c.moe_layer_freq;
  const kinds = list(c, "mlp_layer_types");
  const isDense =
    expertCount === 1 ||
    index < countOrZero(c, "first_k_dense_replace") ||
    (Array.isArray(frequency) ? frequency[index] === 0 : index % count(c, "moe_layer_freq", 1) !== 0) ||
    (kinds?.[index] ?? "sparse") === "dense" ||
    (list(c, "mlp_only_layers") ?? []).includes(index) ||
    (index + 1) % count(c, "decoder_sparse_step", 1) !== 0 ||
    // 0 leaves no layer with experts: a remainder by 0 is none.
    (index + 1) % (c.interleave_moe_layer_step === 0 ? 0 : count(c, "interleave_moe_layer_step", 1)) !== 0;
  if (isDense) {
    return {
      kind: "dense",
      width: count(c, ["intermediate_size_mlp", "dense_intermediate_size", "intermediate_size"]),
    };
  }
  const width = count(c, ["moe_intermediate_size", "intermediate_size"]);
  const sharedCount = countOrZero(c, "n_shared_experts");
  const shared =
    countOrZero(c, "shared_expert_intermediate_size") || countOrZero(c, "shared_intermediate_size");
  return {
    kind: "experts",
    count: expertCount,
    activePerToken: count(c, ["num_experts_per_tok", "top_k_experts", "experts_per_token"]),
    width,
    sharedWidth: words(c, "model_type")?.startsWith("llama4") ? width : shared || sharedCount * width,
  };
}

/**
 * Families whose shared expert lies whole on each rank of replicas that share their experts (0.33.0: sequence parallelism of
 * mixtures, models/deepseek_v2.py, qwen3_next.py).
 */
const COPIED_SHARED = /^(deepseek|kimi|glm_moe_dsa|qwen3_next|qwen3_5|llama4)/;
/** And those whose dense layers do too (vllm/models/deepseek_v32/nvidia/model.py). */
const COPIED_DENSE = /^(deepseek_v32|glm_moe_dsa)/;

/** Families whose router is kept in FP32. */
const FLOAT_ROUTERS = /^(minimax|mimo_v2|glm4_moe)/;
const ROUTER_PREFIX: readonly (readonly [RegExp, string])[] = [
  [/^(mixtral|minimax)/, "block_sparse_moe"],
  [/^llama4/, "feed_forward"],
];

export function feedForwardTensors(c: RawConfig, feedForward: FeedForward): Tensor[] {
  const hidden = count(c, "hidden_size");
  const type = words(c, "model_type") ?? "";
  const prefix = ROUTER_PREFIX.find(([of]) => of.test(type))?.[1] ?? "mlp";
  if (feedForward.kind === "dense") {
    const copied = COPIED_DENSE.test(type) ? { copiedOverReplicas: true } : {};
    const own = /^minimax/.test(type) ? "mlp" : prefix;
    return denseFeedForward(hidden, feedForward.width, { prefix: own }).map((tensor) => ({
      ...tensor,
      ...copied,
    }));
  }
  return experts(hidden, feedForward, {
    prefix,
    routerBytes: FLOAT_ROUTERS.test(type) ? 4 : 2,
    biases: type === "gpt_oss",
    sharedGate: /^qwen/.test(type),
    copiedShared: COPIED_SHARED.test(type),
    ...(/^qwen|^llama4/.test(type) ? { sharedPrefix: `${prefix}.shared_expert` } : {}),
  });
}

/** Layer `index` of a decoder with grouped attention, dense or with experts. */
export function groupedLayer(c: RawConfig, index: number): Layer {
  const type = words(c, "model_type") ?? "";
  const hidden = count(c, "hidden_size");
  const attention = { ...attentionOf(c, windowOf(c, index)), ...(type === "gpt_oss" ? { sinks: true } : {}) };
  const feedForward = feedForwardOf(c, index);
  // Qwen 2 and MiMo always have the bias and do not say so; the others say it.
  const bias = flag(c, "attention_bias", /^(qwen2|mimo$)/.test(type));
  const heads = queryKeyNormWeights(queryKeyNorm(type), attention);
  return {
    mixer: attention,
    feedForward,
    tensors: [
      ...groupedAttention(hidden, attention, { bias, outputBias: bias && /^(gpt_oss|llama)/.test(type) }),
      ...feedForwardTensors(c, feedForward),
      ...normTensors(hidden, { hidden: /^gemma|^glm4$/.test(type) ? 4 : 2, heads }),
    ],
  };
}
