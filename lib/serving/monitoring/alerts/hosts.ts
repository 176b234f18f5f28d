import { type AlertRule, alertRule } from "../rule";
import type { Series } from "../series";

/** Places that fill by themselves, and none of those that are always full. */
const DISKS = 'fstype!~"tmpfs|ramfs|squashfs|overlay|iso9660"';

/** Days before its end: the host renews a certificate of its own 30 days before, so that one that is still there failed. */
const CERTIFICATE_DAYS = 14;

/** What the hosts and those who watch them need. */
export function hostAlerts(series: Series): readonly AlertRule[] {
  const tried = series("alertmanager_notification_requests_total");
  const failed = series("alertmanager_notification_requests_failed_total");
  const free = series("node_filesystem_avail_bytes", DISKS);
  return [
    // An alert on metrics that do not come is silent, so their absence is one of its own.
    alertRule({
      name: "ShardplanExporterDown",
      expr: `${series("up", 'job!~"vllm|gateway|alertmanager"')} == 0`,
      lasting: "5m",
      severity: "warning",
      summary: "{{ $labels.job }} on {{ $labels.instance }} does not answer",
      meaning: "alerts that need its metrics are silent",
      remedy: "start the exporter again; when the whole host is away, see the other alerts",
    }),
    // Whoever looks at the alerts themselves still sees it.
    alertRule({
      name: "ShardplanNobodyTold",
      expr: `${series("up", 'job="alertmanager"')} == 0 or increase(${failed}[15m]) > 0.5 * increase(${tried}[15m])`,
      lasting: "5m",
      severity: "warning",
      summary: "the Alertmanager on {{ $labels.instance }} does not run, or nobody takes what it tells",
      meaning: "alerts fire, and whoever is to be told does not hear of them",
      remedy: "journalctl -u shardplan-alertmanager says what the receiver answers",
    }),
    alertRule({
      name: "ShardplanCertificateEnds",
      expr: `${series("shardplan_certificate_end_seconds")} - time() < ${CERTIFICATE_DAYS} * 86400`,
      lasting: "15m",
      severity: "warning",
      summary: `the certificate of the gateway on {{ $labels.instance }} ends within ${CERTIFICATE_DAYS} days`,
      meaning:
        "clients refuse the gateway from then on; one that the host renews would be new for two weeks already",
      remedy:
        "journalctl -u shardplan-certificate says why it is not renewed; one of your own is yours to replace",
    }),
    alertRule({
      name: "ShardplanDiskFills",
      // An image that is mounted to be read is full from the first.
      expr: `(predict_linear(${free}[1h], 4 * 3600) < 0 or ${free} == 0) unless ${series("node_filesystem_readonly")} == 1`,
      lasting: "10m",
      severity: "warning",
      summary: "{{ $labels.mountpoint }} of {{ $labels.instance }} is full, or will be within four hours",
      meaning: "logs, metrics and the next release need room",
      remedy: "df -h, then journalctl --vacuum-size; remove releases that no server names",
    }),
  ];
}
