import type { RawConfig } from "./config-reader";

/**
 * Keys that a config.json of some families must state, although the family's class has a value of its own for them: a file
 * that lacks one is cut short, and the class's value (40 heads over 32 key-value heads, 60 experts) is that of another model.
 * What each class does without: huggingface/transformers 5.19, models/<type>/configuration_<type>.py.
 */
const REQUIRED: readonly (readonly [families: RegExp, anyOf: readonly string[]])[] = [
  // Llama and Phi 3 have as many key-value heads as heads; latent attention has none; NAS states groups by layer.
  [/^(?!$|llama$|phi3$|nemotron|deepseek|kimi|glm_moe_dsa)/, ["num_key_value_heads"]],
  // The others share hidden_size between the heads.
  [/^(qwen3$|qwen3_vl|qwen3_next|qwen3_5|gemma|glm4$|gpt_oss|llama4|minimax_m2|mimo_v2)/, ["head_dim"]],
  [/^(qwen2_moe|qwen3_moe|qwen3_vl_moe|qwen3_next|qwen3_5_moe)/, ["num_experts"]],
  [/^(mixtral|minimax|gpt_oss|llama4)/, ["num_local_experts"]],
  [/^(deepseek|kimi|glm4_moe|glm_moe_dsa|mimo_v2)/, ["n_routed_experts"]],
  [
    /^(qwen2_moe|qwen3_moe|qwen3_vl_moe|qwen3_next|qwen3_5_moe|deepseek|kimi|glm4_moe|glm_moe_dsa|mimo_v2)/,
    ["moe_intermediate_size"],
  ],
  [/^(mixtral|minimax|gpt_oss|llama4)/, ["intermediate_size"]],
  [/^(qwen2_moe|qwen3_next|qwen3_5_moe)/, ["shared_expert_intermediate_size"]],
  [/^(deepseek|kimi|glm4_moe|glm_moe_dsa)/, ["n_shared_experts"]],
  [/^(deepseek|kimi|glm4_moe|glm_moe_dsa)/, ["first_k_dense_replace", "mlp_layer_types"]],
  [/^gpt_oss/, ["sliding_window"]],
];

/** Other names of a key: Transformers and vLLM take either. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  num_experts: ["num_local_experts", "n_routed_experts"],
  num_local_experts: ["num_experts", "n_routed_experts"],
  n_routed_experts: ["num_experts", "num_local_experts"],
};

/** Names of the keys that the text part of a config.json lacks. A key that is null is stated. */
export function missingKeys(text: RawConfig): string[] {
  const type = String(text.model_type ?? "");
  return REQUIRED.flatMap(([families, anyOf]) => {
    const [key = ""] = anyOf;
    const names = [...anyOf, ...(ALIASES[key] ?? [])];
    return families.test(type) && names.every((name) => text[name] === undefined) ? [key] : [];
  });
}
