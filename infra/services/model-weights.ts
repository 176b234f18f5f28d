import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { weightBytes } from "../../lib/catalog";
import {
  DRAFT_REVISION,
  fetchedWeights,
  hostPaths,
  isQuantizedCheckpoint,
  type WeightsKind,
  weightsScript,
  weightsSuffix,
  weightsUnit,
  weightsUnitName,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import type { Secrets } from "../configuration";
import { type RemoteStep, remoteStep } from "../remote-step";
import type { Node } from "./node";

export interface ModelWeightsArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly secrets: Secrets;
}

const weightsResult = z.object({ path: z.string(), files: z.number(), bytes: z.number() });
type WeightsStep = RemoteStep<z.infer<typeof weightsResult>>;

/** What has the weights fetched again before a start of vLLM. */
const fetchParameters = (plan: Plan, kind: WeightsKind) => ({
  UNIT: weightsUnitName(kind),
  UNIT_TEXT: fetchedWeights(plan).includes(kind) ? weightsUnit(plan, kind) : "",
  FETCH_FILE: weightsScript(plan, kind),
  STORAGE: hostPaths(plan).storage ?? "",
  HUB_ENDPOINT: plan.deployment.model.hubEndpoint ?? "",
});

/** The drafter's weights beside the model's, once those are there; nothing without a drafter of its own. */
function draftSteps(
  { plan, nodes, secrets }: ModelWeightsArgs,
  after: readonly WeightsStep[],
  parent: pulumi.Resource,
): WeightsStep[] {
  const { draft: path, pythonEnvironment } = hostPaths(plan);
  const { draft, deployment } = plan;
  if (path === undefined || draft?.name === undefined) return [];
  const { location } = deployment.serving.speculative;
  const name = draft.name;
  return nodes.map(({ host }, index) =>
    remoteStep(
      `${host.name}-draft-weights`,
      {
        host,
        step: "weights",
        result: weightsResult,
        removable: true,
        parameters: {
          INSTANCE: weightsSuffix("draft"),
          ...fetchParameters(plan, "draft"),
          MODEL_PATH: path,
          SOURCE: location === undefined ? "hub" : "path",
          REPOSITORY: name,
          REVISION: DRAFT_REVISION,
          BUCKET: "",
          WEIGHTS_BYTES: weightBytes(draft.model, "bf16"),
          ENVIRONMENT: pythonEnvironment,
          HUB_TOKEN: location === undefined ? (secrets.huggingFaceToken ?? "") : "",
          HUB_TOKEN_SECRET: deployment.aws.huggingFaceTokenSecret ?? "",
        },
      },
      { parent, dependsOn: after[index] ? [after[index].resource] : [] },
    ),
  );
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
          result: weightsResult,
          removable: true,
          parameters: {
            ...fetchParameters(plan, "model"),
            MODEL_PATH: paths.model,
            SOURCE: model.source,
            REPOSITORY: model.name,
            REVISION: model.revision,
            BUCKET: model.source === "bucket" ? (model.location ?? "") : "",
            WEIGHTS_BYTES: weightBytes(plan.model, isQuantizedCheckpoint(plan) ? "fp8" : "bf16"),
            ENVIRONMENT: paths.pythonEnvironment,
            HUB_TOKEN: model.source === "hub" ? (args.secrets.huggingFaceToken ?? "") : "",
            HUB_TOKEN_SECRET: plan.deployment.aws.huggingFaceTokenSecret ?? "",
          },
        },
        { parent: this },
      ),
    );
    const drafts = draftSteps(args, steps, this);
    this.registerOutputs({ weights: [...steps, ...drafts].map((step) => step.result) });
  }
}
