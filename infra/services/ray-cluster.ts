import { createHmac } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { hostPaths, PORTS, rayHeadUnit, rayWorkerUnit, UNITS } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import { clusterAddresses, headOf, type Node } from "./node";

export interface RayClusterArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

const result = z.object({ node: z.string() });

/** Ray on all nodes: the head on the first, a worker on each other. Empty when vLLM runs without Ray. */
export class RayCluster extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes }: RayClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:RayCluster", name, {}, opts);
    if (plan.serving.executor === "ray") this.start(plan, nodes);
    this.registerOutputs({ nodes: nodes.map((node) => node.address) });
  }

  private start(plan: Plan, nodes: readonly Node[]): void {
    const head = headOf(nodes);
    const token = clusterToken(head);
    const startOn = (node: Node, unit: string, dependsOn: pulumi.Resource[]) =>
      remoteStep(
        `${node.host.name}-ray`,
        {
          host: node.host,
          step: "ray",
          result,
          removable: true,
          parameters: {
            UNIT: unit,
            UNIT_TEXT: clusterAddresses(head, node).apply((addresses) =>
              (node === head ? rayHeadUnit : rayWorkerUnit)(plan, addresses),
            ),
            ENVIRONMENT: hostPaths(plan).pythonEnvironment,
            HEAD_ADDRESS: head.address,
            NODE_ADDRESS: node.address,
            RAY_PORT: PORTS.rayHead,
            RAY_TOKEN: token,
          },
        },
        { parent: this, dependsOn },
      ).resource;
    const first = startOn(head, UNITS.rayHead, []);
    for (const node of nodes.filter((other) => other !== head)) startOn(node, UNITS.rayWorker, [first]);
  }
}

/**
 * The token that Ray's processes show each other. All nodes need the same one, so it is derived from a secret that
 * the program has anyway: the SSH key of the head. It need not be stored, and changes when that key does.
 */
function clusterToken(head: Node): pulumi.Output<string> {
  return pulumi.secret(
    pulumi
      .output(head.host.connection)
      .apply(({ privateKey }) =>
        createHmac("sha256", `${privateKey}`).update("shardplan: Ray cluster token").digest("hex"),
      ),
  );
}
