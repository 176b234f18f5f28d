import type { Plan } from "../../strategy";
import { hostPaths } from "../host-paths";
import { PORTS } from "../ports";
import { systemdUnit } from "../systemd-unit";
import { exporterAddress, socketAddress } from "./prometheus-config";

/** Debian's and Ubuntu's packages on the first host, and on each further one. */
export const MONITORING_PACKAGES = {
  first: ["prometheus", "prometheus-node-exporter"],
  further: ["prometheus-node-exporter"],
} as const;

/** Below /var/lib; systemd makes it for the user that it makes. Steps remove it (infra/steps/lib.sh). */
const STATE = "shardplan-prometheus";

/**
 * Users that systemd makes for a service while it runs, and that own nothing else. Serving comes first: these get the
 * processor last, and are the first to end when memory runs out.
 */
export const WATCHER_OPTIONS: readonly string[] = [
  "DynamicUser=yes",
  "Nice=10",
  "OOMScoreAdjust=500",
  "CapabilityBoundingSet=",
  "PrivateDevices=yes",
  "ProtectClock=yes",
  "MemoryDenyWriteExecute=yes",
  "SystemCallFilter=@system-service",
  // The exporter asks how the clock is set, and does without an answer where it is refused one.
  "SystemCallErrorNumber=EPERM",
];

/** Prometheus on the stack's first host. It listens on loopback, and keeps what the config allows it in days and bytes. */
export function prometheusUnit(plan: Plan): string {
  const { retentionDays, diskGib } = plan.deployment.monitoring;
  return systemdUnit({
    description: "shardplan: Prometheus",
    after: [],
    user: "shardplan-prometheus",
    command: [
      "/usr/bin/prometheus",
      `--config.file=${hostPaths(plan).prometheusConfig}`,
      `--storage.tsdb.path=/var/lib/${STATE}`,
      `--storage.tsdb.retention.time=${retentionDays}d`,
      // Prometheus counts in powers of two.
      `--storage.tsdb.retention.size=${diskGib}GB`,
      `--web.listen-address=${socketAddress("127.0.0.1", PORTS.prometheus)}`,
    ],
    restartSeconds: 5,
    stopSeconds: 30,
    options: [
      ...WATCHER_OPTIONS,
      `StateDirectory=${STATE}`,
      "StateDirectoryMode=700",
      "ProtectHome=yes",
      "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    ],
  });
}

/** Where a host's node exporter answers. */
export const nodeExporterUrl = (node: number, address: string): string =>
  `http://${socketAddress(exporterAddress(node, address), PORTS.nodeExporter)}/metrics`;

/** Prometheus's node exporter on a host; `node` counts from 0, `address` is the one that the cluster reaches. */
export const nodeExporterUnit = (plan: Plan, node: number, address: string): string =>
  systemdUnit({
    description: "shardplan: metrics of the host",
    after: [],
    user: "shardplan-exporter",
    // A host without a gateway has none.
    before: [`+/bin/mkdir -p -m 755 ${hostPaths(plan).hostMetrics}`],
    command: [
      "/usr/bin/prometheus-node-exporter",
      `--web.listen-address=${socketAddress(exporterAddress(node, address), PORTS.nodeExporter)}`,
      `--collector.textfile.directory=${hostPaths(plan).hostMetrics}`,
    ],
    restartSeconds: 5,
    stopSeconds: 10,
    options: [
      ...WATCHER_OPTIONS,
      // It tells how full the disk of /home is.
      "ProtectHome=read-only",
      "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    ],
  });
