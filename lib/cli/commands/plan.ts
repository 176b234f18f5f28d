import { renderReport } from "../../report";
import { plan } from "../../strategy";
import type { CommandSpec } from "../command-spec";
import { emit, reportFormat, reportLook } from "../emit";
import { EXIT } from "../exit-codes";
import { meetsRequirements } from "../meets-requirements";
import { readDeployment } from "../read-deployment";

export const planCommand: CommandSpec = {
  name: "plan",
  summary: "compute the plan of a stack and hold it against every requirement",
  arguments: [],
  options: ["stack", "file", "set", "strategy", "format", "out", "json"],
  examples: [
    ["shardplan plan", "the strategy report of the prod stack"],
    ["shardplan plan --stack dev --out report.html", "the same for dev, as a page with plots"],
    ["shardplan plan --set workload.requestRate=16", "what if twice as many requests arrive?"],
    ["shardplan plan --strategy tp4dp2", "what would another strategy give?"],
    ["shardplan plan --format json | jq .strategy", "for programs"],
  ],
  run({ options }, io) {
    const { name, deployment } = readDeployment(options, io);
    io.progress(`planning ${name} ...`);
    const result = plan(deployment);
    const text = renderReport(result, reportFormat(options), reportLook(options, io));
    io.progress("");
    emit(text, options, io);
    return meetsRequirements(result) ? EXIT.met : EXIT.missed;
  },
};
