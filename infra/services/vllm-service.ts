import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  type EngineServer,
  engineServers,
  readyFile,
  servedModelName,
  serverUnits,
  vllmUnit,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import type { Gateway } from "./gateway";
import { clusterAddresses, headOf, type Node, nodesOf, stepName } from "./node";
import type { RayCluster } from "./ray-cluster";
import { serverParameters } from "./server-parameters";

export interface VllmServiceArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly server: EngineServer;
  readonly gateway: Gateway;
  readonly ray: RayCluster;
}

/** A server of vLLM with the plan's arguments, on its first node. Done when it has answered a completion. */
export class VllmService extends pulumi.ComponentResource {
  /** Tokens that vLLM says its KV cache holds; 0 if its log has forgotten. */
  readonly kvCacheTokens: pulumi.Output<number>;
  /** Changes with each start that a step has made. */
  readonly start: pulumi.Output<string>;

  constructor(name: string, args: VllmServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:VllmService", name, {}, opts);
    const { plan, nodes, server, gateway, ray } = args;
    const head = headOf(nodesOf(nodes, server));
    const step = remoteStep(
      stepName(head, "vllm", server),
      {
        host: head.host,
        step: "vllm",
        result: z.object({ version: z.string(), kvCacheTokens: z.number(), start: z.string() }),
        removable: true,
        parameters: {
          ...serverParameters(plan, server, head, true),
          UNIT: serverUnits(server).vllm,
          UNIT_TEXT: clusterAddresses(head, head).apply((addresses) => vllmUnit(plan, addresses, server)),
          UNITS_HERE: unitsBeside(plan, server),
          MODEL_NAME: servedModelName(plan),
          ENGINE_KEY: gateway.engineKey,
          READY: readyFile(plan, server),
          RAY_STARTS: ray.starts,
        },
      },
      { parent: this },
    );
    // The step's input holds the key, so the engine may take all that comes out for secret.
    const found = pulumi.unsecret(step.result);
    this.kvCacheTokens = found.apply(({ kvCacheTokens }) => kvCacheTokens);
    this.start = found.apply(({ start }) => start);
    this.registerOutputs({ kvCacheTokens: this.kvCacheTokens });
  }
}

/** Units of all servers on the host of `server`: any other of vLLM there is of an earlier plan, and holds GPUs. */
const unitsBeside = (plan: Plan, server: EngineServer): string =>
  engineServers(plan)
    .filter(({ nodes }) => nodes[0] === server.nodes[0])
    .map((one) => serverUnits(one).vllm)
    .join(" ");
