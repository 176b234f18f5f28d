/** What a decoder of grouped attention states, in the order layers, hidden size, MLP width, heads, key-value heads. */
type Dimensions = readonly [layers: number, hidden: number, width: number, heads: number, keyValue: number];

interface Shape {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

function shape(
  name: string,
  architecture: string,
  type: string,
  [layers, hidden, width, heads, keyValue]: Dimensions,
  rest: Readonly<Record<string, unknown>>,
): Shape {
  const config = {
    architectures: [architecture],
    model_type: type,
    num_hidden_layers: layers,
    hidden_size: hidden,
    intermediate_size: width,
    num_attention_heads: heads,
    num_key_value_heads: keyValue,
    hidden_act: "silu",
    rms_norm_eps: 1e-6,
    torch_dtype: "bfloat16",
    tie_word_embeddings: false,
    max_position_embeddings: 32_768,
    ...rest,
  };
  return { name, config };
}

const gemma3 = shape(
  "google/gemma-3-27b-it",
  "Gemma3ForConditionalGeneration",
  "gemma3_text",
  [62, 5376, 21_504, 32, 16],
  { head_dim: 128, sliding_window: 1024, vocab_size: 262_208, hidden_activation: "gelu_pytorch_tanh" },
);

/** Families that people serve and of which the package carries no file; figures as their publishers' config.json has them. */
export const shapes: readonly Shape[] = [
  shape("Qwen/Qwen2.5-7B-Instruct", "Qwen2ForCausalLM", "qwen2", [28, 3584, 18_944, 28, 4], {
    vocab_size: 152_064,
  }),
  shape("Qwen/Qwen2.5-32B-Instruct", "Qwen2ForCausalLM", "qwen2", [64, 5120, 27_648, 40, 8], {
    vocab_size: 152_064,
  }),
  shape("Qwen/Qwen2.5-72B-Instruct", "Qwen2ForCausalLM", "qwen2", [80, 8192, 29_568, 64, 8], {
    vocab_size: 152_064,
  }),
  shape("Qwen/Qwen2-57B-A14B-Instruct", "Qwen2MoeForCausalLM", "qwen2_moe", [28, 3584, 18_944, 28, 4], {
    vocab_size: 151_936,
    num_experts: 64,
    num_experts_per_tok: 8,
    moe_intermediate_size: 2560,
    shared_expert_intermediate_size: 20_480,
    decoder_sparse_step: 1,
    norm_topk_prob: false,
  }),
  shape("meta-llama/Llama-3.2-1B-Instruct", "LlamaForCausalLM", "llama", [16, 2048, 8192, 32, 8], {
    vocab_size: 128_256,
    head_dim: 64,
    tie_word_embeddings: true,
  }),
  shape("mistralai/Mistral-7B-Instruct-v0.3", "MistralForCausalLM", "mistral", [32, 4096, 14_336, 32, 8], {
    vocab_size: 32_768,
  }),
  shape(
    "mistralai/Mistral-Small-24B-Instruct-2501",
    "MistralForCausalLM",
    "mistral",
    [40, 5120, 32_768, 32, 8],
    { vocab_size: 131_072, head_dim: 128 },
  ),
  shape("google/gemma-2-27b-it", "Gemma2ForCausalLM", "gemma2", [46, 4608, 36_864, 32, 16], {
    vocab_size: 256_000,
    head_dim: 128,
    sliding_window: 4096,
    query_pre_attn_scalar: 144,
    hidden_activation: "gelu_pytorch_tanh",
    max_position_embeddings: 8192,
    tie_word_embeddings: true,
  }),
  {
    name: gemma3.name,
    config: {
      architectures: ["Gemma3ForConditionalGeneration"],
      model_type: "gemma3",
      torch_dtype: "bfloat16",
      mm_tokens_per_image: 256,
      image_token_index: 262_144,
      text_config: { ...gemma3.config, architectures: undefined, tie_word_embeddings: true },
      vision_config: {
        model_type: "siglip_vision_model",
        hidden_size: 1152,
        intermediate_size: 4304,
        num_attention_heads: 16,
        num_hidden_layers: 27,
        image_size: 896,
        patch_size: 14,
        vision_use_head: false,
      },
    },
  },
  shape("microsoft/phi-4", "Phi3ForCausalLM", "phi3", [40, 5120, 17_920, 40, 10], {
    vocab_size: 100_352,
    pad_token_id: 100_349,
    max_position_embeddings: 16_384,
  }),
  shape("zai-org/GLM-4-32B-0414", "Glm4ForCausalLM", "glm4", [61, 6144, 23_040, 48, 2], {
    vocab_size: 151_552,
    head_dim: 128,
    attention_bias: false,
    partial_rotary_factor: 0.5,
  }),
  shape("zai-org/GLM-4.5-Air", "Glm4MoeForCausalLM", "glm4_moe", [46, 4096, 10_944, 96, 8], {
    vocab_size: 151_552,
    head_dim: 128,
    attention_bias: true,
    n_routed_experts: 128,
    n_shared_experts: 1,
    num_experts_per_tok: 8,
    moe_intermediate_size: 1408,
    first_k_dense_replace: 1,
    n_group: 1,
    topk_group: 1,
    norm_topk_prob: true,
    partial_rotary_factor: 0.5,
    use_qk_norm: false,
  }),
  shape("Qwen/Qwen3-Next-80B-A3B-Instruct", "Qwen3NextForCausalLM", "qwen3_next", [48, 2048, 5120, 16, 2], {
    vocab_size: 151_936,
    head_dim: 256,
    num_experts: 512,
    num_experts_per_tok: 10,
    moe_intermediate_size: 512,
    shared_expert_intermediate_size: 512,
    decoder_sparse_step: 1,
    mlp_only_layers: [],
    norm_topk_prob: true,
    full_attention_interval: 4,
    linear_num_key_heads: 16,
    linear_num_value_heads: 32,
    linear_key_head_dim: 128,
    linear_value_head_dim: 128,
    linear_conv_kernel_dim: 4,
    partial_rotary_factor: 0.25,
  }),
  shape("deepseek-ai/DeepSeek-V2-Lite", "DeepseekV2ForCausalLM", "deepseek_v2", [27, 2048, 10_944, 16, 16], {
    vocab_size: 102_400,
    kv_lora_rank: 512,
    q_lora_rank: null,
    qk_nope_head_dim: 128,
    qk_rope_head_dim: 64,
    v_head_dim: 128,
    n_routed_experts: 64,
    n_shared_experts: 2,
    num_experts_per_tok: 6,
    moe_intermediate_size: 1408,
    first_k_dense_replace: 1,
    moe_layer_freq: 1,
    n_group: 1,
    topk_group: 1,
    topk_method: "greedy",
    scoring_func: "softmax",
    norm_topk_prob: false,
  }),
];
