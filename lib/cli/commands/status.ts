import { setTimeout } from "node:timers/promises";
import { UserError } from "../../config";
import type { CommandSpec } from "../command-spec";
import { toJson } from "../emit";
import { EXIT } from "../exit-codes";
import { positive } from "../positive";
import { stackName } from "../read-deployment";
import { readStackStatus } from "../status/stack-status";
import { statusPage } from "../status/status-page";

export const statusCommand: CommandSpec = {
  name: "status",
  summary: "what a stack does now, beside what its plan promised",
  arguments: [],
  options: ["stack", "prometheus", "every", "json"],
  notes: [
    "Asks a Prometheus that has loaded the file of `shardplan rules` and reads targets with the label `stack`, as `shardplan scrape` has them. The plan's figures are among what the rules record, so nothing is planned again. One on the stack's first host is reached with `ssh -L 9090:127.0.0.1:9090 HOST`.",
  ],
  examples: [
    ["shardplan status --stack prod --prometheus http://127.0.0.1:9090", "what prod does now"],
    ["shardplan status --stack prod --prometheus http://127.0.0.1:9090 --every 5", "the same, every 5 s"],
  ],
  async run({ options }, io) {
    const { prometheus, every } = options;
    if (prometheus === undefined) {
      throw new UserError({
        code: "no-prometheus",
        where: "--prometheus",
        message: "is missing",
        hint: "give the URL of the Prometheus that watches the stack, such as http://127.0.0.1:9090",
      });
    }
    const stack = stackName(options, io);
    const seconds = every === undefined ? undefined : positive("--every", every);
    for (;;) {
      const status = await readStackStatus(prometheus, stack);
      // Clears the screen where somebody looks on.
      const before = seconds === undefined || !io.color ? "" : "\x1b[H\x1b[2J";
      io.out(options.json ? toJson(status) : `${before}${statusPage(status)}`);
      if (seconds === undefined || options.json) return EXIT.met;
      await setTimeout(1000 * seconds);
    }
  },
};
