import {
  countParameters,
  findGpu,
  listModels,
  MODEL_TYPES,
  type ModelArchitecture,
  weightBytes,
} from "../../catalog";
import { type KnownBy, knownBy } from "../../performance";
import { wrapText } from "../../report";
import type { CommandSpec } from "../command-spec";
import { emit, toJson, wantsJson } from "../emit";
import { EXIT } from "../exit-codes";
import { alignedTable } from "../text-table";

export const modelsCommand: CommandSpec = {
  name: "models",
  summary: "the models that the catalogue knows",
  arguments: [],
  options: ["json", "out"],
  examples: [
    ["shardplan models", "names for model.name, with size and shape"],
    ["shardplan models --json", "the same with the source of each shape"],
  ],
  run({ options }, io) {
    const models = listModels().map((row) => {
      const { tensors: _, ...model } = row;
      return { ...model, knownBy: knownByFamily(row) };
    });
    emit(
      wantsJson(options) ? toJson(models) : `${modelTable()}\n${CLOSING}\n${READ}\n${knownTable()}\n${KNOWN}`,
      options,
      io,
    );
    return EXIT.met;
  },
};

/** Families of GPUs by the one that stands for each. */
const FAMILIES = {
  H100: "H100-SXM-80GB",
  H200: "H200-SXM-141GB",
  B200: "B200-SXM-180GB",
  "RTX PRO 6000": "RTX-PRO-6000-96GB",
  L40S: "L40S-48GB",
  A100: "A100-SXM-80GB",
  "A10G, T4": "A10G-24GB",
  MI300X: "MI300X-192GB",
} as const;

const knownByFamily = (model: ModelArchitecture): Record<string, KnownBy> =>
  Object.fromEntries(Object.entries(FAMILIES).map(([family, gpu]) => [family, knownBy(model, findGpu(gpu))]));

const KNOWN =
  "What figures rest on. rows: published measurements of such a setup; tables: kernels measured on this GPU;\nscaled: kernels of the nearest measured GPU, scaled; figures: memory, bandwidth and FLOP/s alone. Bands widen in this order.";

function knownTable(): string {
  const rows = listModels().map((model) => [model.name, ...Object.values(knownByFamily(model))]);
  return alignedTable(["model", ...Object.keys(FAMILIES)], rows);
}

const CLOSING =
  "weights: as the checkpoint stores them, or in BF16; KV: key/value heads; experts: active for a token/in all; context: longest sequence in tokens.";

const READ = `Other models are read from their Hugging Face config.json, which is fetched for a repository of the hub and else
given by --set model.name=NAME --set model.configPath=config.json, where its model_type, or that of its
text_config, is one of these; no other is:
${wrapText(MODEL_TYPES.join(", "), 97)
  .map((line) => `  ${line}`)
  .join("\n")}
`;

function modelTable(): string {
  const header = ["model", "params", "weights GB", "layers", "hidden", "heads", "KV", "experts", "context"];
  const rows = listModels().map((model) => [
    model.name,
    `${(countParameters(model).total / 1e9).toFixed(1)} B`,
    (weightBytes(model, "bf16") / 1e9).toFixed(1),
    String(model.layers),
    String(model.hiddenSize),
    String(model.attentionHeads),
    String(model.keyValueHeads),
    model.experts ? `${model.experts.activePerToken}/${model.experts.count}` : "-",
    String(model.maxPositionEmbeddings),
  ]);
  return alignedTable(header, rows);
}
