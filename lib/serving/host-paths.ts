import type { Plan } from "../strategy";
import { lockOf } from "./locks";

/** Where things lie on a host. */
export interface HostPaths {
  /** Python environment with vLLM and Ray: a folder of its own for each set of them, so that one is installed while another serves. */
  readonly pythonEnvironment: string;
  /** Folder of those that the program installs. */
  readonly releases: string;
  /** Folder of all weights that are fetched, each model's in one of its own. */
  readonly weights: string;
  /** Folder of the weights, ready to serve. */
  readonly model: string;
  /** Mount without which the weights would go to another disk; absent where they lie on the root volume. */
  readonly storage?: string;
  /** Folder of the drafter's weights; absent without speculative decoding, and where the checkpoint brings its own. */
  readonly draft?: string;
  /** Is there once the weights are complete. */
  readonly modelComplete: string;
  /** Home of the services: caches, Ray's sessions. */
  readonly state: string;
  /** What is put there for the services, the folder of secrets included. */
  readonly configuration: string;
  /** What the gateway reads: its configuration, the clients' keys with their names, the key that it shows servers. */
  readonly gatewayConfig: string;
  readonly clientKeys: string;
  readonly engineKey: string;
  /** The gateway's certificate with its private key. */
  readonly certificate: string;
  /** The certificate that the stack brings, with its private key. */
  readonly ownCertificate: string;
  /** Folder of the gateway's own authority, and of what a public one knows it by. */
  readonly authority: string;
  /** What Prometheus reads: its configuration, and the stack's rules beside it. */
  readonly prometheusConfig: string;
  readonly prometheusRules: string;
  /** What Alertmanager is told, whom to tell among it; only root reads it. */
  readonly alertmanagerConfig: string;
  /** Folders of what tells CloudWatch: figures, and logs. */
  readonly publisher: string;
  readonly logPublisher: string;
  /** Folder of files that the node exporter reads out. */
  readonly hostMetrics: string;
  /** What NVIDIA's exporter is asked for, and what the host adds to its environment. */
  readonly gpuCounters: string;
  readonly gpuExporterSettings: string;
  /** What nftables loads at boot. */
  readonly firewallRules: string;
  /** Is there while the first server of a host answers completions: its watchdog's word. */
  readonly ready: string;
  /** Readable by root alone. */
  readonly secrets: string;
}

/** Folder of the local NVMe disks (RAID 0) that AWS's Deep Learning images mount at boot. */
const AWS_INSTANCE_STORAGE = "/opt/dlami/nvme";

/**
 * Where the plan's software, weights and state lie on every host.
 * Weights go to the instance's own NVMe disks where AWS's image mounts them: reading 141 GB from
 * them takes a minute, from the root volume more than ten.
 */
export function hostPaths(plan: Plan): HostPaths {
  const model = modelPath(plan);
  return {
    pythonEnvironment: pythonEnvironment(plan),
    releases: RELEASES,
    weights: weightsFolder(plan),
    model,
    ...draftPath(plan),
    ...(onInstanceStorage(plan) ? { storage: AWS_INSTANCE_STORAGE } : {}),
    modelComplete: `${model}/${plan.deployment.model.source === "path" ? "config.json" : ".shardplan-complete"}`,
    state: "/var/lib/shardplan",
    configuration: "/etc/shardplan",
    gatewayConfig: "/etc/shardplan/gateway/haproxy.cfg",
    clientKeys: "/etc/shardplan/gateway/keys.map",
    engineKey: "/etc/shardplan/gateway/engine.map",
    certificate: "/etc/shardplan/gateway/certificate.pem",
    ownCertificate: "/etc/shardplan/secrets/own-certificate.pem",
    authority: "/etc/shardplan/secrets/authority",
    prometheusConfig: "/etc/shardplan/prometheus/prometheus.yml",
    prometheusRules: "/etc/shardplan/prometheus/rules.yml",
    alertmanagerConfig: "/etc/shardplan/secrets/alertmanager.yml",
    publisher: "/etc/shardplan/publisher",
    logPublisher: "/etc/shardplan/log-publisher",
    hostMetrics: "/etc/shardplan/gateway/metrics",
    gpuCounters: "/etc/shardplan/gpu-exporter/counters.csv",
    gpuExporterSettings: "/etc/shardplan/gpu-exporter/settings",
    firewallRules: "/etc/shardplan/firewall.nft",
    ready: "/run/shardplan-watchdog/ready",
    secrets: "/etc/shardplan/secrets",
  };
}

const RELEASES = "/opt/shardplan/releases";

/** Same versions from another source, or by another lock, are another release: their files may differ. */
function pythonEnvironment(plan: Plan): string {
  const { deployment, serving } = plan;
  const { packageSource: source, packageLocation: location, vllmVersion, rayVersion } = deployment.serving;
  if (source === "preinstalled" && location !== undefined) return location;
  const lock = lockOf(plan);
  const parts = [
    `vllm-${vllmVersion}`,
    ...(serving.executor === "ray" ? [`ray-${rayVersion}`] : []),
    ...(location === undefined ? [] : [`from${location.replaceAll(/[^A-Za-z0-9._]+/g, "-")}`]),
    ...(lock === undefined ? [] : [lock.sha256.slice(0, 8)]),
  ];
  return `${RELEASES}/${parts.join("-")}`;
}

function modelPath(plan: Plan): string {
  const { model } = plan.deployment;
  if (model.source === "path" && model.location !== undefined) return model.location;
  return `${weightsFolder(plan)}/${folderName(model.name, model.revision)}`;
}

const folderName = (name: string, revision: string): string =>
  [name, revision].join("@").replaceAll(/[^A-Za-z0-9._@-]+/g, "--");

/** Revision of a drafter on the hub. */
export const DRAFT_REVISION = "main";

function draftPath(plan: Plan): Pick<HostPaths, "draft"> {
  const name = plan.draft?.name;
  if (name === undefined) return {};
  const { location } = plan.deployment.serving.speculative;
  return { draft: location ?? `${weightsFolder(plan)}/${folderName(name, DRAFT_REVISION)}` };
}

const onInstanceStorage = ({ deployment, instance }: Plan): boolean =>
  deployment.hosts.length === 0 && instance.instanceStorageGb > 0;

function weightsFolder(plan: Plan): string {
  return onInstanceStorage(plan) ? `${AWS_INSTANCE_STORAGE}/shardplan/models` : "/var/lib/shardplan/models";
}
