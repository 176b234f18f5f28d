import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { weightBytes } from "../../lib/catalog";
import { hostPaths, isQuantizedCheckpoint } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import type { Secrets } from "../configuration";
import { remoteStep } from "../remote-step";
import type { Node } from "./node";

export interface ModelWeightsArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly secrets: Secrets;
}

/** The model's weights on every node, at the same path: each rank reads its shard from local storage. */
export class ModelWeights extends pulumi.ComponentResource {
  constructor(name: string, args: ModelWeightsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:ModelWeights", name, {}, opts);
    const { plan } = args;
    const { model } = plan.deployment;
    const paths = hostPaths(plan);
    const steps = args.nodes.map(({ host }) =>
      remoteStep(
        `${host.name}-weights`,
        {
          host,
          step: "weights",
          result: z.object({ path: z.string(), files: z.number(), bytes: z.number() }),
          parameters: {
            MODEL_PATH: paths.model,
            SOURCE: model.source,
            REPOSITORY: model.name,
            REVISION: model.revision,
            BUCKET: model.source === "bucket" ? (model.location ?? "") : "",
            WEIGHTS_BYTES: weightBytes(plan.model, isQuantizedCheckpoint(plan) ? "fp8" : "bf16"),
            ENVIRONMENT: paths.pythonEnvironment,
            HUB_TOKEN: model.source === "hub" ? (args.secrets.huggingFaceToken ?? "") : "",
          },
        },
        { parent: this },
      ),
    );
    this.registerOutputs({ weights: steps.map((step) => step.result) });
  }
}
