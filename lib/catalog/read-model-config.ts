import { z } from "zod";
import { UserError } from "../config";
import { architectureOf, formatsOf, withStorage } from "./architecture-of";
import { readCheckpoint } from "./checkpoint/read-checkpoint";
import { isObject, mostOf, type RawConfig, refuseConfig, words } from "./families/config-reader";
import { assertSupported, readTensors, textConfigOf } from "./families/read-tensors";
import { missingKeys } from "./families/required-keys";
import { models } from "./models";
import type { ModelArchitecture } from "./types";

/** Says what a key must be, and whether it is missing or wrong. */
const sizeOf = (key: string) =>
  z
    .int({
      error: ({ input }) => (input === undefined ? "is missing" : "must be a whole number above 0"),
    })
    .positive("must be a whole number above 0")
    .max(mostOf(key), `must be a whole number up to ${mostOf(key)}`);
const sizesOf = <K extends string>(...keys: K[]) =>
  Object.fromEntries(keys.map((key) => [key, sizeOf(key)])) as Record<K, ReturnType<typeof sizeOf>>;
const text = z.string({ error: ({ input }) => (input === undefined ? "is missing" : "must be text") });

/** What every decoder-only config.json states; each family reads its own keys beside these. */
const configSchema = z.object({
  model_type: text,
  ...sizesOf("hidden_size", "num_attention_heads", "vocab_size", "max_position_embeddings"),
  num_key_value_heads: sizeOf("num_key_value_heads").nullish(),
});

function parse(json: unknown): RawConfig {
  if (!isObject(json)) {
    throw refuseConfig("not a config.json of a model", "give the config.json of the model repository");
  }
  const inner = textConfigOf(json);
  // A model that is not supported is refused as that, not for the keys that its kind lacks.
  if (typeof inner.model_type === "string") assertSupported(inner.model_type);
  const counted = inner.layers_block_type === undefined && sizesOf("num_hidden_layers");
  const parsed = configSchema.extend(counted || {}).safeParse(inner);
  const missing = missingKeys(inner);
  if (parsed.success && missing.length === 0) return json;
  const problems = [
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join(".") || "file"} ${issue.message}`),
    ...missing.map((key) => `${key} is missing`),
  ];
  throw refuseConfig(
    `not a config.json of a decoder-only transformer: ${problems.join("; ")}`,
    "give the config.json of the model repository",
  );
}

/** Key under which a caller says where on the hub a config.json comes from. */
export const HUB_SOURCE = "shardplan_source";

/** The figures of which a checkpoint is made: a config.json that differs in one is of another model. */
const SHAPE = [
  ["layers", "layers"],
  ["hiddenSize", "hidden size"],
  ["intermediateSize", "MLP width"],
  ["attentionHeads", "attention heads"],
  ["keyValueHeads", "key-value heads"],
  ["vocabularySize", "vocabulary"],
] as const;

/** What of a known model a config.json of the same name says otherwise; nothing where it is of that model. */
function contradiction(known: ModelArchitecture, model: ModelArchitecture): string | undefined {
  for (const [key, what] of SHAPE) {
    if (known[key] !== model[key]) {
      return `has ${what} ${known[key]}, the file of model.configPath has ${model[key]}`;
    }
  }
  const [own, given] = [known, model].map(({ checkpoint }) => checkpoint?.method ?? "16 bits");
  return own === given
    ? undefined
    : `is stored in ${own}, what the file of model.configPath is of in ${given}`;
}

/** The name decides what hosts download, so a name of the catalogue must not stand over another model's config.json. */
function withItsOwnName(model: ModelArchitecture): ModelArchitecture {
  const known = models.find(({ name }) => name === model.name);
  const other = known && contradiction(known, model);
  if (!other) return model;
  throw new UserError({
    code: "model-config-name",
    where: "model.name",
    message: `${model.name} is of the catalogue and ${other}`,
    hint: "set model.name to the repository that the config.json comes from",
  });
}

/**
 * Reads the parsed content of a Hugging Face config.json; `name` labels the model. How its checkpoint is quantised is read
 * from it, or from `hf_quant_config.json` that a caller put under the key of that name. Throws a UserError that names the
 * unsupported model_type, every missing or wrong key, an unknown quantisation, or the name of the catalogue that belongs
 * to another shape.
 */
export function readModelConfig(json: unknown, name = "custom"): ModelArchitecture {
  const config = parse(json);
  const checkpoint = readCheckpoint(config, config.hf_quant_config);
  const tensors = readTensors(config);
  const stored = checkpoint ? withStorage(tensors, checkpoint) : tensors;
  return withItsOwnName({
    name,
    ...architectureOf(config, stored),
    ...(checkpoint
      ? {
          checkpoint: {
            method: checkpoint.method,
            formats: formatsOf(stored),
            ...(checkpoint.calibratedCache ? { calibratedCache: true } : {}),
            ...(checkpoint.isNamed ? {} : { isUnnamed: true }),
          },
        }
      : {}),
    provenance: {
      source: words(config, HUB_SOURCE) ?? "config.json given in model.configPath",
      date: "as given",
    },
  });
}
