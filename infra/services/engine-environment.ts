import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { hostPaths, UV_VERSION } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import type { Node } from "./node";

export interface EngineEnvironmentArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/** The Python environment with vLLM and Ray in the planned versions, on every node. */
export class EngineEnvironment extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes }: EngineEnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:EngineEnvironment", name, {}, opts);
    const { serving } = plan.deployment;
    const steps = nodes.map(({ host }) =>
      remoteStep(
        `${host.name}-engine`,
        {
          host,
          step: "python-environment",
          result: z.object({ python: z.string(), vllm: z.string(), ray: z.string() }),
          parameters: {
            ENVIRONMENT: hostPaths(plan).pythonEnvironment,
            SOURCE: serving.packageSource,
            LOCATION: serving.packageLocation ?? "",
            VLLM_VERSION: serving.vllmVersion,
            RAY_VERSION: plan.serving.executor === "ray" ? serving.rayVersion : "",
            // vLLM reads the requests of its load test with it, and does not bring it.
            EXTRA: plan.deployment.proof.load ? "pandas" : "",
            UV_VERSION,
          },
        },
        { parent: this },
      ),
    );
    this.registerOutputs({ versions: steps.map((step) => step.result) });
  }
}
