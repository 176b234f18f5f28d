import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { hostPaths } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import type { Node } from "./node";

export interface UnusedWeightsArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/** Removes the weights of models that the hosts no longer serve. For stacks that ask for it, after the present one is proven. */
export class UnusedWeights extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes }: UnusedWeightsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:UnusedWeights", name, {}, opts);
    const { weights, model, draft } = hostPaths(plan);
    for (const { host } of nodes) {
      remoteStep(
        `${host.name}-prune`,
        {
          host,
          step: "prune",
          result: z.object({ bytes: z.number() }),
          parameters: { MODELS: weights, USED: [model, ...(draft === undefined ? [] : [draft])].join(" ") },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}
