import { listModels, type ModelArchitecture } from "../../lib/catalog";
import configs from "../../lib/catalog/model-configs.json";

type Config = Readonly<Record<string, unknown>>;

/** vLLM's class for a model_type, as published files name it; the catalogue keeps facts of shape alone. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  llama: "LlamaForCausalLM",
  mixtral: "MixtralForCausalLM",
  qwen3: "Qwen3ForCausalLM",
  qwen3_moe: "Qwen3MoeForCausalLM",
  gpt_oss: "GptOssForCausalLM",
  deepseek_v3: "DeepseekV3ForCausalLM",
  deepseek_v32: "DeepseekV32ForCausalLM",
  kimi_k2: "DeepseekV3ForCausalLM",
  minimax_m2: "MiniMaxM2ForCausalLM",
  glm_moe_dsa: "GlmMoeDsaForCausalLM",
  qwen3_vl: "Qwen3VLForConditionalGeneration",
  qwen3_vl_moe: "Qwen3VLMoeForConditionalGeneration",
};

const typeOf = ({ experts, queryKeyNorm }: ModelArchitecture): string =>
  queryKeyNorm ? (experts ? "qwen3_moe" : "qwen3") : experts ? "mixtral" : "llama";

/** The config.json of a row that the catalogue keeps as figures. */
function configOfRow(model: ModelArchitecture): Config {
  const { experts } = model;
  return {
    model_type: typeOf(model),
    num_hidden_layers: model.layers,
    hidden_size: model.hiddenSize,
    intermediate_size: model.intermediateSize,
    num_attention_heads: model.attentionHeads,
    num_key_value_heads: model.keyValueHeads,
    head_dim: model.headDim,
    vocab_size: model.vocabularySize,
    tie_word_embeddings: model.tiedEmbeddings,
    max_position_embeddings: model.maxPositionEmbeddings,
    hidden_act: "silu",
    rms_norm_eps: 1e-6,
    torch_dtype: "bfloat16",
    ...(experts
      ? {
          num_experts: experts.count,
          num_local_experts: experts.count,
          num_experts_per_tok: experts.activePerToken,
          moe_intermediate_size: experts.intermediateSize,
          decoder_sparse_step: 1,
          mlp_only_layers: [],
          norm_topk_prob: true,
        }
      : {}),
  };
}

/** A config.json for every model of the catalogue that vLLM has a class for. */
export function catalogueFiles(): { readonly name: string; readonly config: Config }[] {
  const published: readonly { readonly name: string; readonly config: Config }[] = configs;
  return listModels().flatMap((model) => {
    const config = published.find(({ name }) => name === model.name)?.config ?? configOfRow(model);
    const architecture = ARCHITECTURES[String(config.model_type)];
    return architecture ? [{ name: model.name, config: { architectures: [architecture], ...config } }] : [];
  });
}
