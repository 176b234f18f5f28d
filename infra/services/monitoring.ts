import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  GPU_EXPORTER_PACKAGE,
  GPU_EXPORTER_PROGRAM,
  gpuCounters,
  gpuExporterUnit,
  hostPaths,
  isWatched,
  MONITORING_PACKAGES,
  nodeExporterUnit,
  nodeExporterUrl,
  PORTS,
  prometheusConfig,
  prometheusUnit,
  rulesFile,
  type ScrapedHost,
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

  private watch(plan: Plan, nodes: readonly Node[], { host }: Node, index: number): void {
    const hosts = pulumi
      .all(nodes.map((node) => node.address))
      .apply((addresses) =>
        nodes.map((node, at) => ({ name: node.host.name, address: addresses[at] ?? "" })),
      );
    const parameters = hosts.apply((all) =>
      monitoringParameters(plan, { stack: pulumi.getStack(), hosts: all }, index),
    );
    remoteStep(
      `${host.name}-monitoring`,
      { host, step: "monitoring", result: z.object({}), removable: true, parameters },
      { parent: this },
    );
  }
}

/** What the step `monitoring` is told on a host of a stack; `index` counts the hosts from 0. */
export function monitoringParameters(
  plan: Plan,
  { stack, hosts }: { readonly stack: string; readonly hosts: readonly ScrapedHost[] },
  index: number,
): Record<string, string | number> {
  const paths = hostPaths(plan);
  const address = hosts[index]?.address ?? "";
  const watched = isWatched(plan);
  const hasPrometheus = watched && index === 0;
  const hasGpus = watched && plan.gpu.kind === "gpu";
  return {
    PACKAGES: MONITORING_PACKAGES[hasPrometheus ? "first" : "further"].join(" "),
    EXPORTER_UNIT: UNITS.nodeExporter,
    EXPORTER_TEXT: watched ? nodeExporterUnit(index, address) : "",
    EXPORTER_URL: nodeExporterUrl(index, address),
    EXPORTER_PORT: PORTS.nodeExporter,
    GPU_EXPORTER: GPU_EXPORTER_PROGRAM,
    GPU_EXPORTER_PACKAGE,
    GPU_EXPORTER_UNIT: UNITS.gpuExporter,
    GPU_EXPORTER_TEXT: hasGpus ? gpuExporterUnit(plan, index, address) : "",
    GPU_EXPORTER_PORT: PORTS.dcgmExporter,
    GPU_EXPORTER_SETTINGS: paths.gpuExporterSettings,
    COUNTERS_FILE: paths.gpuCounters,
    COUNTERS: hasGpus ? gpuCounters() : "",
    PROMETHEUS_UNIT: UNITS.prometheus,
    PROMETHEUS_TEXT: hasPrometheus ? prometheusUnit(plan) : "",
    PROMETHEUS_PORT: PORTS.prometheus,
    CONFIG_FILE: paths.prometheusConfig,
    CONFIG: hasPrometheus ? prometheusConfig(plan, { stack, hosts, rules: paths.prometheusRules }) : "",
    RULES_FILE: paths.prometheusRules,
    RULES: hasPrometheus ? rulesFile(plan, stack) : "",
  };
}
