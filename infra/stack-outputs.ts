import * as pulumi from "@pulumi/pulumi";
import {
  expectedLoad,
  hostPaths,
  type KvCacheProof,
  PORTS,
  proveKvCache,
  servedModelName,
  shellWord,
} from "../lib/serving";
import type { Plan } from "../lib/strategy";
import { type Host, sshCommand } from "./hosts/host";
import type { Gateway } from "./services/gateway";
import type { LoadTest } from "./services/load-test";
import { headOf, type Node } from "./services/node";
import type { Publisher } from "./services/publisher";
import type { Verification } from "./services/verification";
import type { VllmService } from "./services/vllm-service";

/** What the stack consists of once it is up. */
export interface Deployed {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly servers: readonly VllmService[];
  readonly gateway: Gateway;
  readonly verification: Verification;
  readonly load: LoadTest;
  readonly publisher: Publisher;
}

/** The stack's outputs: where the service is, what was planned, what was seen, how to get in. */
export function stackOutputs({
  plan,
  nodes,
  servers,
  gateway,
  verification,
  load,
}: Omit<Deployed, "publisher">) {
  const { host } = headOf(nodes);
  const kvCacheTokens = pulumi.all(servers.map((server) => server.kvCacheTokens)).apply(smallest);
  const reach = (node: Node) =>
    pulumi.output(node.host.address).apply((address) => sshCommand(node.host, address));
  return {
    endpoint: gateway.hosts[0]?.endpoint,
    endpoints: gateway.hosts.map(({ endpoint }) => endpoint),
    certificateAuthority: gateway.certificateAuthority,
    model: servedModelName(plan),
    strategy: plan.strategy,
    predicted: predictedFigures(plan),
    expectedLoad: expectedLoad(plan),
    measured: { kvCacheTokens },
    proof: { kvCache: kvCacheTokens.apply((tokens) => proven(plan, tokens)), load: load.proof },
    completion: verification.completion,
    apiKeyCommand: pulumi
      .output(host.address)
      .apply((address) => readAsRoot(host, address, `${hostPaths(plan).secrets}/api-key`)),
    hosts: nodes.map(reach),
    ...monitoringCommands(plan, host),
  };
}

/** How to see what the stack does: commands, in the order in which one types them. */
function monitoringCommands(plan: Plan, host: Host) {
  const stack = pulumi.getStack();
  switch (plan.deployment.monitoring.mode) {
    case "on":
      return {
        monitoring: pulumi.output(host.address).apply((address) => {
          const destination = sshCommand(host, address).replace(/^ssh /, "");
          return [
            `npx shardplan status --stack ${stack} --ssh ${shellWord(destination)}`,
            `ssh -N -L ${PORTS.prometheus}:127.0.0.1:${PORTS.prometheus} ${destination}`,
          ];
        }),
      };
    case "export":
      return {
        monitoring: [
          `npx shardplan rules --stack ${stack} --out shardplan-rules.yml`,
          `npx shardplan scrape --stack ${stack} --out prometheus.yml`,
        ],
      };
    case "off":
      return {};
  }
}

/** Of servers that are planned alike the poorest tells; 0 where the log of one has forgotten. */
const smallest = (tokens: readonly number[]): number => Math.min(...tokens);

/** A cache that is too small is said while the stack goes up, not only in its outputs. */
async function proven(plan: Plan, kvCacheTokens: number): Promise<KvCacheProof> {
  const proof = proveKvCache(plan, kvCacheTokens);
  if (proof.verdict === "smaller than planned") await pulumi.log.warn(proof.text);
  return proof;
}

/** The command that prints a file of root's; root itself needs no sudo, and a small Debian has none. */
export const readAsRoot = (host: Host, address: string, path: string): string =>
  `${sshCommand(host, address)} ${host.user === "root" ? "" : "sudo "}cat ${path}`;

/** The plan's word, in the quantities that vLLM measures of itself. */
export function predictedFigures({ latency, throughput, memoryPerGpu, cost }: Plan) {
  const percentiles = ({ p50Ms, p99Ms }: Plan["latency"]["decode"]) => ({ p50Ms, p99Ms });
  return {
    prefill: percentiles(latency.prefill),
    firstToken: percentiles(latency.firstToken),
    decode: percentiles(latency.decode),
    outputTokensPerSecond: throughput.outputTokensPerSecond,
    sustainableRequestRate: throughput.sustainableRequestRate,
    kvCacheTokens: memoryPerGpu.kvCacheTokens,
    ...(cost.usdPerHour === undefined ? {} : { usdPerHour: cost.usdPerHour }),
  };
}
