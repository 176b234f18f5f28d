/**
 * First version of vLLM with a class for a `model_type`, from its release notes; where they do not say, the version after the
 * last one that appeared before the model did. Types that every version of the planner has are not listed.
 */
const SINCE: readonly (readonly [types: RegExp, version: string])[] = [
  [/^gemma3/, "0.8.0"],
  [/^llama4/, "0.8.3"],
  [/^qwen3(_moe)?$/, "0.8.4"],
  [/^(glm4_moe|kimi_k2)$/, "0.10.0"],
  [/^gpt_oss$/, "0.10.1"],
  [/^qwen3_next$/, "0.10.2"],
  [/^(qwen3_vl|deepseek_v32)/, "0.11.0"],
  [/^minimax_m2$/, "0.11.1"],
  [/^(glm_moe_dsa|qwen3_5)/, "0.16.0"],
  [/^minimax_m3/, "0.24.0"],
];

/** First version of vLLM that can load a model of a type; undefined where all that are planned can. */
export const firstVersionFor = (modelType: string): string | undefined =>
  SINCE.find(([types]) => types.test(modelType))?.[1];
