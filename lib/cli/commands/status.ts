import { setTimeout } from "node:timers/promises";
import { inBackticks, UserError } from "../../config";
import { type CommandSpec, exampleOf } from "../command-spec";
import { toJson } from "../emit";
import { EXIT } from "../exit-codes";
import type { OptionValues } from "../options";
import { positive } from "../positive";
import { stackName } from "../read-deployment";
import { type Tunnel, tunnelTo } from "../status/ssh-tunnel";
import { readStackStatus } from "../status/stack-status";
import { statusPage } from "../status/status-page";

export const statusCommand: CommandSpec = {
  name: "status",
  summary: "what a stack does now, beside what its plan promised",
  arguments: [],
  options: ["stack", "ssh", "prometheus", "every", "json"],
  notes: [
    `Asks the Prometheus on the stack's first host, which SSH reaches (\`--ssh\`; the stack's output \`monitoring\` has the command), or any other that has loaded the file of ${inBackticks("rules")} and reads targets with the label \`stack\`, as ${inBackticks("scrape")} has them (\`--prometheus\`). The plan's figures are among what the rules record, so nothing is planned again.`,
  ],
  examples: [
    ["shardplan status --stack prod --ssh ubuntu@192.0.2.1", "what prod does now"],
    ["shardplan status --stack prod --ssh ubuntu@192.0.2.1 --every 5", "the same, every 5 s"],
    ["shardplan status --stack prod --prometheus http://127.0.0.1:9090 --json", "for programs"],
  ],
  async run({ options }, io) {
    const stack = stackName(options, io);
    const { every } = options;
    const seconds = every === undefined ? undefined : positive("--every", every);
    const { url, close } = await whereToAsk(options);
    try {
      const first = await readStackStatus(url, stack);
      if (seconds === undefined || options.json) {
        io.out(options.json ? toJson(first) : statusPage(first));
        return EXIT.met;
      }
      // Clears the screen where somebody looks on.
      const before = io.color ? "\x1b[H\x1b[2J" : "";
      let page = statusPage(first);
      for (;;) {
        io.out(`${before}${page}`);
        await setTimeout(1000 * seconds);
        page = await readStackStatus(url, stack).then(statusPage, lineOf);
      }
    } finally {
      close();
    }
  },
};

/** Whoever looks on goes on looking when one question has no answer. */
function lineOf(error: unknown): string {
  if (error instanceof UserError) return `${error.line}\n`;
  throw error;
}

async function whereToAsk({ ssh, prometheus }: OptionValues): Promise<Tunnel> {
  if (ssh !== undefined) return tunnelTo(ssh);
  if (prometheus !== undefined) return { url: prometheus, close: () => {} };
  throw new UserError({
    code: "no-prometheus",
    where: "status",
    message: "does not know whom to ask",
    hint: `give --ssh with the stack's first host, ${exampleOf(statusCommand)} (pulumi stack output monitoring has the command), or --prometheus with the URL of a Prometheus that watches the stack`,
  });
}
