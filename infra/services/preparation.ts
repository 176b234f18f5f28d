import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  basePackages,
  CHALLENGE_PORT,
  engineServers,
  gatewayHosts,
  PORTS,
  provesName,
  serverPorts,
  serverUnits,
  UNITS,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import type { Host } from "../hosts/host";
import { remoteStep } from "../remote-step";
import type { Node } from "./node";

const facts = z.object({
  os: z.string(),
  kernel: z.string(),
  cpus: z.number(),
  memoryBytes: z.number(),
  gpus: z.number(),
  gpuName: z.string(),
  address: z.string(),
  interface: z.string(),
  addresses: z.array(z.string()),
});

export interface PreparationArgs {
  readonly plan: Plan;
  readonly hosts: readonly Host[];
}

/** Looks at every host, refuses those on which the plan cannot run, and installs what all services need. */
export class Preparation extends pulumi.ComponentResource {
  readonly nodes: readonly Node[];

  constructor(name: string, args: PreparationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Preparation", name, {}, opts);
    this.nodes = args.hosts.map((host, index) => this.prepare(args.plan, host, index));
    this.registerOutputs({ nodes: this.nodes.map((node) => node.address) });
  }

  private prepare(plan: Plan, host: Host, index: number): Node {
    const look = remoteStep(
      `${host.name}-facts`,
      {
        host,
        step: "host-facts",
        result: facts,
        removable: true,
        parameters: {
          NODE_ADDRESS: host.privateAddress,
          GPU_KIND: plan.gpu.kind,
          GPUS_NEEDED: plan.instance.gpus,
          PORTS_NEEDED: portsNeeded(plan, index),
        },
      },
      { parent: this },
    );
    remoteStep(
      `${host.name}-packages`,
      {
        host,
        step: "base-packages",
        result: z.object({ installed: z.array(z.string()) }),
        parameters: { PACKAGES: basePackages(plan).join(" ") },
      },
      { parent: this, dependsOn: look.resource },
    );
    return {
      host,
      address: look.result.apply((found) => found.address),
      addresses: look.result.apply((found) => found.addresses),
      networkInterface: look.result.apply((found) => found.interface),
    };
  }
}

/** Lines of `port unit configKey`: a port may be taken only by our own unit. */
function portsNeeded(plan: Plan, index: number): string {
  const { port } = plan.deployment.gateway;
  const front = [
    `${port} ${UNITS.gateway} gateway.port`,
    `${PORTS.gatewayInside} ${UNITS.gateway}`,
    `${PORTS.gatewayMetrics} ${UNITS.gateway}`,
    ...(provesName(plan) ? [`${CHALLENGE_PORT} ${UNITS.gateway} gateway.domain`] : []),
  ];
  const servers = engineServers(plan).filter(({ nodes }) => nodes[0] === index);
  const overRay = plan.serving.executor === "ray";
  return [
    ...(gatewayHosts(plan).includes(index) ? front : []),
    ...servers.flatMap((server) => {
      const [ports, units] = [serverPorts(server), serverUnits(server)];
      return [`${ports.vllm} ${units.vllm}`, ...(overRay ? [`${ports.rayHead} ${units.rayHead}`] : [])];
    }),
  ].join("\n");
}
