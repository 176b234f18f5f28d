import { inBackticks } from "../../config";
import { PLACEHOLDER_ADDRESSES, prometheusConfig, type ScrapedHost } from "../../serving";
import type { Plan } from "../../strategy";
import type { CommandSpec } from "../command-spec";
import { emit } from "../emit";
import { EXIT } from "../exit-codes";
import { planDeployment } from "../plan-deployment";
import { readDeployment, stackOf } from "../read-deployment";

export const scrapeCommand: CommandSpec = {
  name: "scrape",
  summary: "prometheus.yml of a Prometheus that watches the stack",
  arguments: [],
  options: ["stack", "file", "set", "strategy", "out"],
  notes: [
    `For a Prometheus on the stack's first host, beside the file that ${inBackticks("rules")} writes as shardplan-rules.yml: vLLM and the gateway answer there, the exporters of further hosts on the addresses that the cluster reaches. Hosts that are not in the stack file are called by their place, with <node_ip> for what only \`pulumi up\` knows.`,
  ],
  examples: [
    ["shardplan scrape --stack prod --out prometheus.yml", "what Prometheus reads of the prod stack"],
  ],
  run({ options }, io) {
    const named = readDeployment(options, io);
    const plan = planDeployment(named, io);
    const config = prometheusConfig(plan, {
      stack: stackOf(named),
      hosts: hostsOf(plan),
      rules: "shardplan-rules.yml",
    });
    emit(config, options, io);
    return EXIT.met;
  },
};

const hostsOf = ({ deployment: { hosts, hardware } }: Plan): readonly ScrapedHost[] =>
  Array.from({ length: hardware.nodes }, (_, node) => {
    const host = hosts[node];
    const address = host?.privateAddress ?? host?.address ?? PLACEHOLDER_ADDRESSES.node;
    return { name: host?.address ?? `node-${node}`, address };
  });
