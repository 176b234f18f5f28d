import { type LatentAttention, latentAttention } from "./attention";
import { count, countOrZero, list, type RawConfig } from "./config-reader";
import { feedForwardOf, feedForwardTensors } from "./dense";
import type { Layer } from "./layer";
import { plain } from "./tensor";

/** Layers that share the indexer of the layer before have none of their own (GLM-5.2 and later). */
function indexerOf(c: RawConfig, index: number): LatentAttention["indexer"] {
  if (c.index_topk === undefined || c.index_topk === null) return undefined;
  if (list(c, "indexer_types")?.[index] === "shared") return undefined;
  return {
    heads: count(c, "index_n_heads"),
    headDim: count(c, "index_head_dim"),
    topTokens: count(c, "index_topk"),
  };
}

/** Layer `index` of DeepSeek V2 and V3, Kimi K2 and GLM-5. */
export function latentLayer(c: RawConfig, index: number): Layer {
  const hidden = count(c, "hidden_size");
  const indexer = indexerOf(c, index);
  const queryRank = countOrZero(c, "q_lora_rank");
  const attention: LatentAttention = {
    kind: "latent",
    heads: count(c, "num_attention_heads"),
    keyValueRank: count(c, "kv_lora_rank"),
    ...(queryRank > 0 ? { queryRank } : {}),
    nopeHeadDim: count(c, "qk_nope_head_dim"),
    ropeHeadDim: count(c, "qk_rope_head_dim"),
    valueHeadDim: count(c, "v_head_dim"),
    ...(indexer ? { indexer } : {}),
  };
  const feedForward = feedForwardOf(c, index);
  return {
    mixer: attention,
    feedForward,
    tensors: [
      ...latentAttention(hidden, attention),
      ...feedForwardTensors(c, feedForward),
      plain("norms", 2 * hidden),
    ],
  };
}
