import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { checkSeconds, LIBFABRIC, NCCL_PLUGIN_FOLDERS, serversOverEfa } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import { type Node, nodesOf } from "./node";
import type { VllmService } from "./vllm-service";

export interface EfaArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/** The nodes of servers that span hosts, each once. */
const nodesOverEfa = ({ plan, nodes }: EfaArgs): readonly Node[] => [
  ...new Set(serversOverEfa(plan).flatMap((server) => nodesOf(nodes, server))),
];

/** Refuses hosts on which NCCL could not go over EFA, before anything is installed. Empty in plans without it. */
export class Efa extends pulumi.ComponentResource {
  constructor(name: string, args: EfaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Efa", name, {}, opts);
    for (const { host } of nodesOverEfa(args)) {
      remoteStep(
        `${host.name}-efa`,
        {
          host,
          step: "efa",
          result: z.object({ interfaces: z.number(), plugin: z.string() }),
          parameters: {
            EFA_INTERFACES: args.plan.instance.efaInterfaces,
            LIBFABRIC,
            PLUGIN_FOLDERS: NCCL_PLUGIN_FOLDERS.join(" "),
          },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

export interface EfaProofArgs extends EfaArgs {
  readonly servers: readonly VllmService[];
}

/** Proves on each host that NCCL has taken EFA; again after each start of a server. */
export class EfaProof extends pulumi.ComponentResource {
  constructor(name: string, args: EfaProofArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:EfaProof", name, {}, opts);
    const starts = pulumi.all(args.servers.map(({ start }) => start)).apply((all) => all.join(" "));
    for (const { host } of nodesOverEfa(args)) {
      remoteStep(
        `${host.name}-efa-traffic`,
        {
          host,
          step: "efa-traffic",
          result: z.object({ bytes: z.number() }),
          parameters: { SECONDS_ALLOWED: 60 + 2 * checkSeconds(args.plan), STARTS: starts },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}
