import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { type EngineServer, hostPaths, rayHeadUnit, rayWorkerUnit, serverUnits } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { type RemoteStep, remoteStep } from "../remote-step";
import { derivedSecret } from "./derived-secret";
import { clusterAddresses, headOf, type Node, nodesOf, stepName } from "./node";
import { serverParameters } from "./server-parameters";

export interface RayClusterArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly server: EngineServer;
}

const result = z.object({ node: z.string(), start: z.string() });

/** Ray for one server: the head on its first node, a worker on each other. Empty when vLLM runs without Ray. */
export class RayCluster extends pulumi.ComponentResource {
  /** When each node was started last: vLLM starts anew with them. */
  readonly starts: pulumi.Output<string>;

  constructor(name: string, args: RayClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:RayCluster", name, {}, opts);
    const steps = args.plan.serving.executor === "ray" ? this.start(args) : [];
    this.starts = pulumi
      .all(steps.map((step) => step.result))
      .apply((all) => all.map(({ start }) => start).join(" "));
    this.registerOutputs({ nodes: nodesOf(args.nodes, args.server).map((node) => node.address) });
  }

  private start({ plan, nodes, server }: RayClusterArgs): RemoteStep<z.infer<typeof result>>[] {
    const own = nodesOf(nodes, server);
    const head = headOf(own);
    const token = derivedSecret(nodes, "shardplan: Ray cluster token");
    const units = serverUnits(server);
    const startOn = (node: Node, unit: string, dependsOn: pulumi.Resource[]) =>
      remoteStep(
        stepName(node, "ray", server),
        {
          host: node.host,
          step: "ray",
          result,
          removable: true,
          parameters: {
            ...serverParameters(plan, server, node, node === head),
            UNIT: unit,
            UNIT_TEXT: clusterAddresses(head, node).apply((addresses) =>
              (node === head ? rayHeadUnit : rayWorkerUnit)(plan, addresses, server),
            ),
            ENVIRONMENT: hostPaths(plan).pythonEnvironment,
            HEAD_ADDRESS: head.address,
            NODE_ADDRESS: node.address,
            RAY_TOKEN: token,
          },
        },
        { parent: this, dependsOn },
      );
    const first = startOn(head, units.rayHead, []);
    const workers = own.filter((node) => node !== head);
    const others = workers.map((node) => startOn(node, units.rayWorker, [first.resource]));
    return [first, ...others];
  }
}
