import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { MINIMUM_DRIVER } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import type { Node } from "./node";

export interface DriversArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/** NVIDIA driver and Fabric Manager on every node; skipped with a reason where the hardware has no accelerator. */
export class Drivers extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes }: DriversArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Drivers", name, {}, opts);
    const steps = nodes.map(({ host }) =>
      remoteStep(
        `${host.name}-driver`,
        {
          host,
          step: "driver",
          removable: true,
          result: z.object({ driver: z.string(), skipped: z.string() }),
          parameters: {
            GPU_KIND: plan.gpu.kind,
            GPUS_NEEDED: plan.instance.gpus,
            NVLINK: talksOverNvlink(plan) ? "yes" : "no",
            MINIMUM_DRIVER,
          },
        },
        { parent: this },
      ),
    );
    this.registerOutputs({ drivers: steps.map((step) => step.result) });
  }
}

/** Whether the plan counts on NVLink; by what it is switched the host finds itself. */
const talksOverNvlink = ({ gpu, instance }: Plan) =>
  gpu.nvlinkBytesPerSecond !== undefined && instance.gpus > 1;
