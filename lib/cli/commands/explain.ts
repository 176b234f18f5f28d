import { explain, renderExplanation } from "../../report";
import type { CommandSpec } from "../command-spec";
import { emit, toJson, wantsJson } from "../emit";
import { EXIT } from "../exit-codes";
import { planDeployment } from "../plan-deployment";
import { readDeployment } from "../read-deployment";

export const explainCommand: CommandSpec = {
  name: "explain",
  summary: "how a figure of the plan comes about: formula, inputs, source",
  arguments: [
    {
      usage: "<figures...>",
      description:
        "figures by their path in the JSON, as in memoryPerGpu.weightsBytes, or by a word of the field, as in ttft.p99; a group explains all in it",
    },
  ],
  options: ["stack", "file", "model", "set", "strategy", "json", "out"],
  examples: [
    ["shardplan explain memoryPerGpu.weightsBytes", "where the weights per GPU come from"],
    ["shardplan explain ttft.p99", "the time to a first token"],
    ["shardplan explain latency.decode --stack dev", "every decode figure of the dev stack"],
  ],
  run({ args, options }, io) {
    const result = planDeployment(readDeployment(options, io), io);
    const explanations = args.flatMap((figure) => explain(result, figure));
    emit(wantsJson(options) ? toJson(explanations) : renderExplanation(explanations, io.width), options, io);
    return EXIT.met;
  },
};
