import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  AWS_TOOL_PATH,
  isPublished,
  LOG_STATE_FOLDER,
  logPublisherJob,
  logPublisherUnit,
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

const METRICS_PROGRAM = readFileSync(fileOf("programs", "publish_metrics.py"), "utf8");
const LOGS_PROGRAM = readFileSync(fileOf("programs", "publish_logs.py"), "utf8");

export interface PublisherArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/**
 * What tells CloudWatch each minute, where the stack wants it: figures, beside the Prometheus on the first host, and on each
 * host what its units say.
 */
export class Publisher extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes }: PublisherArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Publisher", name, {}, opts);
    for (const node of isPublished(plan) ? nodes.slice(0, 1) : []) this.metrics(plan, node);
    for (const node of nodes) this.logs(plan, node);
    this.registerOutputs({});
  }

  private metrics(plan: Plan, { host }: Node): void {
    const { region } = plan.deployment.aws;
    const files = publisherFiles(plan, "metrics");
    remoteStep(
      `${host.name}-publisher`,
      {
        host,
        step: "publisher",
        result: z.object({}),
        removable: true,
        parameters: {
          INSTANCE: "",
          WHAT: "metrics",
          RIGHTS: "cloudwatch:PutMetricData",
          UNIT: UNITS.publisher,
          UNIT_TEXT: publisherUnit(plan),
          TIMER: UNITS.publisherTimer,
          TIMER_TEXT: publisherTimer(),
          PROGRAM_FILE: files.program,
          PROGRAM: METRICS_PROGRAM,
          JOB_FILE: files.job,
          JOB: publisherJob({
            stack: pulumi.getStack(),
            namespace: metricsNamespace(accountName()),
            region,
          }),
          STATE_FOLDER: "",
          TOOL_PATH: AWS_TOOL_PATH,
          ENDPOINT: `monitoring.${region}.amazonaws.com`,
        },
      },
      { parent: this },
    );
  }

  private logs(plan: Plan, { host }: Node): void {
    const { logGroup } = host;
    if (logGroup === undefined) return;
    const { aws, monitoring } = plan.deployment;
    const { region } = aws;
    const days = monitoring.cloudWatch.logDays;
    const files = publisherFiles(plan, "logs");
    remoteStep(
      `${host.name}-log-publisher`,
      {
        host,
        step: "publisher",
        result: z.object({}),
        removable: true,
        parameters: {
          INSTANCE: "-logs",
          WHAT: "logs",
          RIGHTS: "logs:CreateLogStream and logs:PutLogEvents",
          UNIT: UNITS.logPublisher,
          UNIT_TEXT: logPublisherUnit(plan),
          TIMER: UNITS.logPublisherTimer,
          TIMER_TEXT: publisherTimer(),
          PROGRAM_FILE: files.program,
          PROGRAM: LOGS_PROGRAM,
          JOB_FILE: files.job,
          JOB: logGroup.apply((group) => logPublisherJob({ region, group, stream: host.name, days })),
          STATE_FOLDER: LOG_STATE_FOLDER,
          TOOL_PATH: AWS_TOOL_PATH,
          ENDPOINT: `logs.${region}.amazonaws.com`,
        },
      },
      { parent: this },
    );
  }
}
