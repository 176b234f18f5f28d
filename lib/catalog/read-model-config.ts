import { z } from "zod";
import { UserError } from "../config";
import { models } from "./models";
import { refuseQuantized } from "./refuse-quantized";
import type { ModelArchitecture } from "./types";

/** Says what a key must be, and whether it is missing or wrong. */
const positiveInt = z
  .int({
    error: ({ input }) => (input === undefined ? "is missing" : "must be a whole number above 0"),
  })
  .positive("must be a whole number above 0");
const text = z.string({ error: ({ input }) => (input === undefined ? "is missing" : "must be text") });

const supported = ["llama", "mistral", "qwen2", "qwen3", "mixtral", "qwen2_moe", "qwen3_moe"] as const;

/** The keys of a Hugging Face config.json that decide shapes; all others are ignored. */
const configSchema = z.object({
  model_type: text,
  num_hidden_layers: positiveInt,
  hidden_size: positiveInt,
  intermediate_size: positiveInt,
  num_attention_heads: positiveInt,
  num_key_value_heads: positiveInt.optional(),
  head_dim: positiveInt.nullish(),
  vocab_size: positiveInt,
  tie_word_embeddings: z.boolean().default(false),
  max_position_embeddings: positiveInt,
  attention_bias: z.boolean().optional(),
  num_local_experts: positiveInt.optional(),
  num_experts: positiveInt.optional(),
  num_experts_per_tok: positiveInt.optional(),
  moe_intermediate_size: positiveInt.optional(),
  shared_expert_intermediate_size: z.int().nonnegative().optional(),
  decoder_sparse_step: positiveInt.optional(),
  mlp_only_layers: z.array(z.int()).optional(),
});

type RawConfig = z.infer<typeof configSchema>;

function refuse(message: string, hint: string): UserError {
  return new UserError({ code: "model-config", where: "model.configPath", message, hint });
}

function parse(json: unknown): RawConfig {
  const parsed = configSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".") || "file"} ${issue.message}`);
  throw refuse(
    `not a config.json of a decoder-only transformer: ${problems.join("; ")}`,
    "give the config.json of the model repository",
  );
}

function readExperts(config: RawConfig): ModelArchitecture["experts"] {
  const count = config.num_local_experts ?? config.num_experts;
  if (count === undefined) return undefined;
  if (config.num_experts_per_tok === undefined || config.num_experts_per_tok > count) {
    throw refuse(
      `num_experts_per_tok must be between 1 and the ${count} experts, and is ${config.num_experts_per_tok ?? "missing"}`,
      "check the config.json of the model repository",
    );
  }
  if ((config.decoder_sparse_step ?? 1) !== 1 || (config.mlp_only_layers ?? []).length > 0) {
    throw refuse(
      "layers that mix dense and expert MLPs are not supported",
      "use a model whose layers are alike",
    );
  }
  const intermediateSize = config.moe_intermediate_size ?? config.intermediate_size;
  return {
    count,
    activePerToken: config.num_experts_per_tok,
    intermediateSize,
    shared: (config.shared_expert_intermediate_size ?? 0) / intermediateSize,
  };
}

/** The figures of which a checkpoint is made: a config.json that differs in one is of another model. */
const SHAPE = [
  ["layers", "layers"],
  ["hiddenSize", "hidden size"],
  ["intermediateSize", "MLP width"],
  ["attentionHeads", "attention heads"],
  ["keyValueHeads", "key-value heads"],
  ["vocabularySize", "vocabulary"],
] as const;

/** The name decides what hosts download, so a name of the catalogue must not stand over another model's config.json. */
function withItsOwnName(model: ModelArchitecture): ModelArchitecture {
  const known = models.find(({ name }) => name === model.name);
  const other = known && SHAPE.find(([key]) => known[key] !== model[key]);
  if (!other) return model;
  const [key, what] = other;
  throw new UserError({
    code: "model-config-name",
    where: "model.name",
    message: `${model.name} is of the catalogue and has ${what} ${known[key]}, the file of model.configPath has ${model[key]}`,
    hint: "set model.name to the repository that the config.json comes from",
  });
}

/**
 * Reads the parsed content of a Hugging Face config.json.
 * `name` labels the model, `file` the source in messages. Throws a UserError that names every missing or wrong key, the
 * unsupported model_type, the quantisation, or the name of the catalogue that belongs to another shape.
 */
export function readModelConfig(json: unknown, name = "custom", file = "the file"): ModelArchitecture {
  refuseQuantized(json, file);
  const config = parse(json);
  if (!supported.some((type) => type === config.model_type)) {
    throw refuse(
      `model_type "${config.model_type}" is not supported`,
      `supported are ${supported.join(", ")}`,
    );
  }
  const headDim = config.head_dim ?? config.hidden_size / config.num_attention_heads;
  if (!Number.isInteger(headDim)) {
    throw refuse(
      `hidden_size ${config.hidden_size} is not a multiple of num_attention_heads ${config.num_attention_heads}`,
      "check the config.json of the model repository, or give head_dim",
    );
  }
  const experts = readExperts(config);
  return withItsOwnName({
    name,
    layers: config.num_hidden_layers,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    attentionHeads: config.num_attention_heads,
    keyValueHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headDim,
    vocabularySize: config.vocab_size,
    tiedEmbeddings: config.tie_word_embeddings,
    maxPositionEmbeddings: config.max_position_embeddings,
    ...(experts ? { experts } : {}),
    // Qwen 2 always has the bias and does not say so; Llama and Qwen 3 say it.
    ...((config.attention_bias ?? config.model_type.startsWith("qwen2")) ? { attentionBias: true } : {}),
    ...(config.model_type.startsWith("qwen3") ? { queryKeyNorm: true } : {}),
    provenance: { source: "config.json given in model.configPath", date: "as given" },
  });
}
