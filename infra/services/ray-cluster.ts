import { createHmac } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { hostPaths, PORTS, rayHeadUnit, rayWorkerUnit, UNITS } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { type RemoteStep, remoteStep } from "../remote-step";
import { clusterAddresses, headOf, type Node } from "./node";

export interface RayClusterArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

const result = z.object({ node: z.string(), start: z.string() });

/** Ray on all nodes: the head on the first, a worker on each other. Empty when vLLM runs without Ray. */
export class RayCluster extends pulumi.ComponentResource {
  /** When each node was started last: vLLM starts anew with them. */
  readonly starts: pulumi.Output<string>;

  constructor(name: string, { plan, nodes }: RayClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:RayCluster", name, {}, opts);
    const steps = plan.serving.executor === "ray" ? this.start(plan, nodes) : [];
    this.starts = pulumi
      .all(steps.map((step) => step.result))
      .apply((all) => all.map(({ start }) => start).join(" "));
    this.registerOutputs({ nodes: nodes.map((node) => node.address) });
  }

  private start(plan: Plan, nodes: readonly Node[]): RemoteStep<z.infer<typeof result>>[] {
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
      );
    const first = startOn(head, UNITS.rayHead, []);
    const workers = nodes.filter((node) => node !== head);
    const others = workers.map((node) => startOn(node, UNITS.rayWorker, [first.resource]));
    return [first, ...others];
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
