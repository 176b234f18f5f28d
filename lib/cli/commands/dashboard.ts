import { inBackticks } from "../../config";
import { DASHBOARDS, dashboard } from "../../serving";
import type { CommandSpec } from "../command-spec";
import { emit } from "../emit";
import { EXIT } from "../exit-codes";
import { planDeployment } from "../plan-deployment";
import { readDeployment, stackOf } from "../read-deployment";

export const dashboardCommand: CommandSpec = {
  name: "dashboard",
  summary: "a page of the stack for Grafana: target, prediction and what is measured",
  arguments: [{ usage: "<page>", description: "which page", choices: DASHBOARDS }],
  options: ["stack", "file", "set", "strategy", "out"],
  notes: [
    `Import the file in Grafana, or put it where it provisions dashboards from. It reads what the rules of ${inBackticks("rules")} record.`,
  ],
  examples: [
    ["shardplan dashboard promise --stack prod --out promise.json", "is the promise kept"],
    ["shardplan dashboard gpus --out gpus.json", "memory, links, temperature and faults of the GPUs"],
    ["shardplan dashboard capacity --out capacity.json", "load against the plan, and what a token costs"],
  ],
  run({ args: [page = ""], options }, io) {
    const name = DASHBOARDS.find((each) => each === page) ?? DASHBOARDS[0];
    const named = readDeployment(options, io);
    emit(dashboard(planDeployment(named, io), stackOf(named), name), options, io);
    return EXIT.met;
  },
};
