import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { hostPaths, lockFile, lockOf, UV_VERSION } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { fileOf } from "../files";
import { sendFile } from "../hosts/send-file";
import { remoteStep } from "../remote-step";
import type { Node } from "./node";

const LOCKS = fileOf("locks");

export interface EngineEnvironmentArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/** The Python environment with vLLM and Ray in the planned versions, on every node. */
export class EngineEnvironment extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes }: EngineEnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:EngineEnvironment", name, {}, opts);
    const { serving } = plan.deployment;
    const steps = nodes.map((node) =>
      remoteStep(
        `${node.host.name}-engine`,
        {
          host: node.host,
          step: "python-environment",
          result: z.object({ python: z.string(), vllm: z.string(), ray: z.string() }),
          parameters: {
            ENVIRONMENT: hostPaths(plan).pythonEnvironment,
            RELEASES: hostPaths(plan).releases,
            SOURCE: serving.packageSource,
            LOCATION: serving.packageLocation ?? "",
            INDEX: serving.packageIndex ?? "",
            VLLM_VERSION: serving.vllmVersion,
            RAY_VERSION: plan.serving.executor === "ray" ? serving.rayVersion : "",
            // vLLM reads the requests of its load test with it, and does not bring it.
            EXTRA: plan.deployment.proof.load ? "pandas" : "",
            UV_VERSION,
            LOCK: lockOn(node, plan),
            LOCK_SUM: lockOf(plan)?.sha256 ?? "",
          },
        },
        { parent: this },
      ),
    );
    this.registerOutputs({ versions: steps.map((step) => step.result) });
  }
}

/** Path of the lock on a node, once it is there; empty without one. */
function lockOn({ host, address }: Node, plan: Plan): pulumi.Output<string> {
  const lock = lockOf(plan);
  if (lock === undefined) return pulumi.output("");
  const text = readFileSync(join(LOCKS, lockFile(lock)), "utf8");
  // A host whose address is known answers over SSH.
  return address.apply(() => sendFile(host, `${hostPaths(plan).pythonEnvironment}.lock`, text));
}
