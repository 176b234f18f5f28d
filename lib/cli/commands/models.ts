import { countParameters, listModels, weightBytes } from "../../catalog";
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
    const models = listModels().map(({ tensors: _, ...model }) => model);
    emit(wantsJson(options) ? toJson(models) : `${modelTable()}\n${CLOSING}`, options, io);
    return EXIT.met;
  },
};

const CLOSING =
  "KV: key/value heads; experts: active for a token/in all; context: longest sequence in tokens.\nAny other decoder-only model works by its Hugging Face config.json: --set model.name=NAME --set model.configPath=config.json";

function modelTable(): string {
  const header = ["model", "params", "BF16 GB", "layers", "hidden", "heads", "KV", "experts", "context"];
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
