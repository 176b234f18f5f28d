import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  ALERTMANAGER_PACKAGE,
  alertmanagerConfig,
  alertmanagerUnit,
  alertSecretFault,
  GPU_EXPORTER_PACKAGE,
  GPU_EXPORTER_PROGRAM,
  gpuCounters,
  gpuExporterUnit,
  hostPaths,
  isTold,
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
import type { Secrets } from "../configuration";
import { remoteStep } from "../remote-step";
import type { Node } from "./node";

export interface MonitoringArgs {
  readonly plan: Plan;
  readonly secrets: Secrets;
  readonly nodes: readonly Node[];
}

/**
 * A Prometheus on the first host, and exporters on each. Nothing depends on them: when they fail, what serves has been proven
 * before. Where the stack does not want them the step takes away what it has put there: machines that are the stack's own
 * have no other removal.
 */
export class Monitoring extends pulumi.ComponentResource {
  constructor(
    name: string,
    { plan, nodes, secrets }: MonitoringArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("shardplan:infra:Monitoring", name, {}, opts);
    const told = alertSecret(plan, secrets);
    for (const [index, node] of nodes.entries()) this.watch(plan, nodes, node, index, told);
    this.registerOutputs({});
  }

  private watch(
    plan: Plan,
    nodes: readonly Node[],
    { host }: Node,
    index: number,
    told: pulumi.Input<string>,
  ): void {
    const hosts = pulumi
      .all(nodes.map((node) => node.address))
      .apply((addresses) =>
        nodes.map((node, at) => ({ name: node.host.name, address: addresses[at] ?? "" })),
      );
    const parameters = pulumi
      .all([hosts, told])
      .apply(([all, secret]) =>
        monitoringParameters(
          plan,
          { stack: pulumi.getStack(), hosts: all, secret: index === 0 ? secret : "" },
          index,
        ),
      );
    remoteStep(
      `${host.name}-monitoring`,
      { host, step: "monitoring", result: z.object({}), removable: true, parameters },
      { parent: this },
    );
  }
}

/** What Alertmanager needs to tell somebody; empty where it tells nobody, or the mail server asks for no password. */
function alertSecret(plan: Plan, { alertWebhook, alertMailPassword }: Secrets): pulumi.Input<string> {
  if (!isTold(plan)) return "";
  const { to, mailUser } = plan.deployment.monitoring.alerts;
  if (to === "mail" && mailUser === undefined) return "";
  const name = to === "webhook" ? "alertWebhook" : "alertMailPassword";
  const value = to === "webhook" ? alertWebhook : alertMailPassword;
  const set = `pulumi config set --secret shardplan:${name}`;
  if (value === undefined) {
    throw new pulumi.RunError(
      `shardplan:${name}: is not set, and monitoring.alerts.to ${to} takes it from there: ${set}`,
    );
  }
  return pulumi.output(value).apply((secret) => {
    const fault = alertSecretFault(to === "webhook" ? "webhook" : "mail", secret);
    if (fault !== undefined) throw new pulumi.RunError(`shardplan:${name}: ${fault}: ${set}`);
    return secret;
  });
}

/**
 * What the step `monitoring` is told on a host of a stack; `index` counts the hosts from 0, `secret` is what Alertmanager needs
 * to tell somebody.
 */
export function monitoringParameters(
  plan: Plan,
  {
    stack,
    hosts,
    secret,
  }: { readonly stack: string; readonly hosts: readonly ScrapedHost[]; readonly secret: string },
  index: number,
): Record<string, string | number> {
  const paths = hostPaths(plan);
  const address = hosts[index]?.address ?? "";
  const watched = isWatched(plan);
  const hasPrometheus = watched && index === 0;
  const hasGpus = watched && plan.gpu.kind === "gpu";
  const tells = hasPrometheus && isTold(plan);
  const packages = [
    ...MONITORING_PACKAGES[hasPrometheus ? "first" : "further"],
    ...(tells ? [ALERTMANAGER_PACKAGE] : []),
  ];
  return {
    PACKAGES: packages.join(" "),
    EXPORTER_UNIT: UNITS.nodeExporter,
    EXPORTER_TEXT: watched ? nodeExporterUnit(plan, index, address) : "",
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
    ALERTMANAGER_UNIT: UNITS.alertmanager,
    ALERTMANAGER_TEXT: tells ? alertmanagerUnit(plan) : "",
    ALERTMANAGER_PORT: PORTS.alertmanager,
    ALERTMANAGER_FILE: paths.alertmanagerConfig,
    ALERTMANAGER_CONFIG: tells ? alertmanagerConfig(plan, stack, secret) : "",
    RULES_FILE: paths.prometheusRules,
    RULES: hasPrometheus ? rulesFile(plan, stack) : "",
  };
}
