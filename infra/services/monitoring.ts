import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  hostPaths,
  isWatched,
  MONITORING_PACKAGES,
  nodeExporterUnit,
  nodeExporterUrl,
  PORTS,
  prometheusConfig,
  prometheusUnit,
  rulesFile,
  UNITS,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import type { Node } from "./node";

export interface MonitoringArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/**
 * A Prometheus on the first host, and exporters on each. Nothing depends on them: when they fail, what serves has been proven
 * before. Where the stack does not want them the step takes away what it has put there: machines that are the stack's own
 * have no other removal.
 */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes }: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Monitoring", name, {}, opts);
    for (const [index, node] of nodes.entries()) this.watch(plan, nodes, node, index);
    this.registerOutputs({});
  }

  private watch(plan: Plan, nodes: readonly Node[], { host, address }: Node, index: number): void {
    const paths = hostPaths(plan);
    const watched = isWatched(plan);
    const hasPrometheus = watched && index === 0;
    remoteStep(
      `${host.name}-monitoring`,
      {
        host,
        step: "monitoring",
        result: z.object({}),
        removable: true,
        parameters: {
          PACKAGES: MONITORING_PACKAGES[hasPrometheus ? "first" : "further"].join(" "),
          EXPORTER_UNIT: UNITS.nodeExporter,
          EXPORTER_TEXT: watched ? address.apply((own) => nodeExporterUnit(index, own)) : "",
          EXPORTER_URL: address.apply((own) => nodeExporterUrl(index, own)),
          EXPORTER_PORT: PORTS.nodeExporter,
          PROMETHEUS_UNIT: UNITS.prometheus,
          PROMETHEUS_TEXT: hasPrometheus ? prometheusUnit(plan) : "",
          PROMETHEUS_PORT: PORTS.prometheus,
          CONFIG_FILE: paths.prometheusConfig,
          CONFIG: hasPrometheus ? configuration(plan, nodes) : "",
          RULES_FILE: paths.prometheusRules,
          RULES: hasPrometheus ? rulesFile(plan, pulumi.getStack()) : "",
          GPU_EXPORTER_PORT: plan.gpu.kind === "gpu" ? PORTS.dcgmExporter : "",
        },
      },
      { parent: this },
    );
  }
}

const configuration = (plan: Plan, nodes: readonly Node[]): pulumi.Output<string> =>
  pulumi
    .all(nodes.map(({ host, address }) => address.apply((own) => ({ name: host.name, address: own }))))
    .apply((hosts) =>
      prometheusConfig(plan, { stack: pulumi.getStack(), hosts, rules: hostPaths(plan).prometheusRules }),
    );
