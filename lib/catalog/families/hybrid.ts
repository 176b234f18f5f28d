import { groupedAttention } from "./attention";
import { count, countOrZero, list, type RawConfig, refuseConfig, words } from "./config-reader";
import { attentionOf, feedForwardOf, feedForwardTensors } from "./dense";
import { denseFeedForward, experts, type FeedForward } from "./feed-forward";
import type { Layer } from "./layer";
import { gatedDelta, mamba2 } from "./recurrent";
import { plain } from "./tensor";

/** Layer `index` of Qwen3-Next and Qwen3.5: three gated delta layers, then one of gated attention. */
export function deltaHybridLayer(c: RawConfig, index: number): Layer {
  const hidden = count(c, "hidden_size");
  const types = list(c, "layer_types");
  const isFull = types
    ? types[index] === "full_attention"
    : (index + 1) % count(c, "full_attention_interval", 4) === 0;
  const feedForward = feedForwardOf(c, index);
  const rest = [...feedForwardTensors(c, feedForward), plain("norms", 2 * hidden)];
  if (isFull) {
    const attention = attentionOf(c);
    return {
      mixer: attention,
      feedForward,
      tensors: [
        ...groupedAttention(hidden, attention, { outputGate: true }),
        plain("self_attn.qk_norm", 2 * attention.headDim),
        ...rest,
      ],
    };
  }
  const { mixer, tensors } = gatedDelta(hidden, {
    inputs: words(c, "model_type")?.startsWith("qwen3_next") ? "qkvz" : "qkv, z",
    keyHeads: count(c, "linear_num_key_heads"),
    valueHeads: count(c, "linear_num_value_heads"),
    keyHeadDim: count(c, "linear_key_head_dim"),
    valueHeadDim: count(c, "linear_value_head_dim"),
    kernel: count(c, "linear_conv_kernel_dim"),
    // Qwen3.5 names the state's type; Qwen3-Next leaves it to vLLM, which takes the compute type.
    stateBytes: words(c, "mamba_ssm_dtype") === "float32" ? 4 : 2,
  });
  return { mixer, feedForward, tensors: [...tensors, ...rest] };
}

function nemotronExperts(c: RawConfig): Extract<FeedForward, { kind: "experts" }> {
  return {
    kind: "experts",
    count: count(c, "n_routed_experts"),
    activePerToken: count(c, "num_experts_per_tok"),
    width: count(c, "moe_intermediate_size"),
    sharedWidth:
      c.n_shared_experts === 0
        ? 0
        : count(c, "moe_shared_expert_intermediate_size") * count(c, "n_shared_experts", 1),
  };
}

/** What a layer of Nemotron-H is: one letter of the pattern, or a word of its list. */
function nemotronKind(c: RawConfig, index: number): string {
  const block = list(c, "layers_block_type")?.[index];
  if (typeof block === "string") return { mamba: "M", attention: "*", mlp: "-", moe: "E" }[block] ?? block;
  return words(c, "hybrid_override_pattern")?.[index] ?? "";
}

/** Layer `index` of Nemotron-H: one of Mamba 2, attention, feed-forward or experts, each a layer of its own. */
export function nemotronLayer(c: RawConfig, index: number): Layer {
  const hidden = count(c, "hidden_size");
  const norm = plain("norm", hidden);
  const kind = nemotronKind(c, index);
  switch (kind) {
    case "M": {
      const { mixer, tensors } = mamba2(hidden, {
        heads: count(c, "mamba_num_heads"),
        headDim: count(c, "mamba_head_dim"),
        groups: count(c, "n_groups"),
        stateSize: count(c, "ssm_state_size"),
        kernel: count(c, "conv_kernel"),
        stateBytes: (words(c, "mamba_ssm_cache_dtype") ?? "float32") === "float32" ? 4 : 2,
      });
      return { mixer, tensors: [...tensors, norm] };
    }
    case "*": {
      const attention = attentionOf({ ...c, head_dim: c.head_dim ?? c.attention_head_dim });
      return {
        mixer: attention,
        tensors: [...groupedAttention(hidden, attention, { prefix: "mixer" }), norm],
      };
    }
    case "-": {
      const width = count(c, "intermediate_size");
      return {
        feedForward: { kind: "dense", width },
        tensors: [...denseFeedForward(hidden, width, { prefix: "mixer", gated: false }), norm],
      };
    }
    case "E": {
      const mixture = nemotronExperts(c);
      const latent = countOrZero(c, "moe_latent_size") > 0 ? { latent: count(c, "moe_latent_size") } : {};
      const tensors = experts(hidden, mixture, {
        prefix: "mixer",
        gated: false,
        copiedShared: true,
        ...latent,
      });
      return { feedForward: mixture, tensors: [...tensors, norm] };
    }
    default:
      throw refuseConfig(
        `layer ${index} of hybrid_override_pattern is "${kind}"`,
        "only M (Mamba), * (attention), - (feed-forward) and E (experts) are known",
      );
  }
}
