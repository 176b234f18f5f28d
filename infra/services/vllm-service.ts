import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { hostPaths, PORTS, servedModelName, UNITS, vllmUnit } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import type { Secrets } from "../configuration";
import { remoteStep } from "../remote-step";
import { clusterAddresses, headOf, type Node } from "./node";
import type { RayCluster } from "./ray-cluster";

export interface VllmServiceArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly secrets: Secrets;
  readonly ray: RayCluster;
}

/** vLLM with the plan's arguments, on the first node. Done when it has answered a completion. */
export class VllmService extends pulumi.ComponentResource {
  /** Tokens that vLLM says its KV cache holds; 0 if its log has forgotten. */
  readonly kvCacheTokens: pulumi.Output<number>;
  /** Changes when the API key does and says nothing of it: the gateway has to learn of a new key, too. */
  readonly keyId: pulumi.Output<string>;
  /** Changes with each start that a step has made. */
  readonly start: pulumi.Output<string>;

  constructor(name: string, args: VllmServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:VllmService", name, {}, opts);
    const { plan, nodes, secrets, ray } = args;
    const head = headOf(nodes);
    const step = remoteStep(
      `${head.host.name}-vllm`,
      {
        host: head.host,
        step: "vllm",
        result: z.object({
          version: z.string(),
          kvCacheTokens: z.number(),
          keyId: z.string(),
          start: z.string(),
        }),
        removable: true,
        parameters: {
          UNIT: UNITS.vllm,
          UNIT_TEXT: clusterAddresses(head, head).apply((addresses) => vllmUnit(plan, addresses)),
          PORT: PORTS.vllm,
          MODEL_NAME: servedModelName(plan),
          READY_SECONDS: Math.round(plan.deployment.serving.readyTimeoutMinutes * 60),
          API_KEY: secrets.apiKey ?? "",
          READY: hostPaths(plan).ready,
          RAY_STARTS: ray.starts,
        },
      },
      { parent: this },
    );
    // The step's input holds the key, so the engine may take all that comes out for secret.
    const found = pulumi.unsecret(step.result);
    this.kvCacheTokens = found.apply(({ kvCacheTokens }) => kvCacheTokens);
    this.keyId = found.apply(({ keyId }) => keyId);
    this.start = found.apply(({ start }) => start);
    this.registerOutputs({ kvCacheTokens: this.kvCacheTokens });
  }
}
