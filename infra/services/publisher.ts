import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  AWS_TOOL_PATH,
  isPublished,
  publisherFiles,
  publisherJob,
  publisherTimer,
  publisherUnit,
  UNITS,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { fileOf } from "../files";
import { remoteStep } from "../remote-step";
import { accountName, metricsNamespace } from "../stack-names";
import type { Node } from "./node";

const PROGRAM = readFileSync(fileOf("programs", "publish_metrics.py"), "utf8");

export interface PublisherArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/** What tells CloudWatch each minute, beside the Prometheus on the first host, where the stack wants it. */
export class Publisher extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes }: PublisherArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Publisher", name, {}, opts);
    const { region } = plan.deployment.aws;
    const files = publisherFiles(plan);
    for (const { host } of isPublished(plan) ? nodes.slice(0, 1) : []) {
      remoteStep(
        `${host.name}-publisher`,
        {
          host,
          step: "publisher",
          result: z.object({}),
          removable: true,
          parameters: {
            UNIT: UNITS.publisher,
            UNIT_TEXT: publisherUnit(plan),
            TIMER: UNITS.publisherTimer,
            TIMER_TEXT: publisherTimer(),
            PROGRAM_FILE: files.program,
            PROGRAM,
            JOB_FILE: files.job,
            JOB: publisherJob({
              stack: pulumi.getStack(),
              namespace: metricsNamespace(accountName()),
              region,
            }),
            TOOL_PATH: AWS_TOOL_PATH,
            ENDPOINT: `monitoring.${region}.amazonaws.com`,
          },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}
