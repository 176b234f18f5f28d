import type { Plan } from "../strategy";
import { hostPaths } from "./host-paths";
import { type NodeAddresses, rayHeadCommand, rayWorkerCommand } from "./ray-commands";
import { type EngineServer, firstServer, instance, serverUnits } from "./servers";
import { serviceEnvironment } from "./service-environment";
import { type SystemdService, systemdUnit } from "./systemd-unit";
import { DRAIN_SECONDS, servedModelName, vllmArguments } from "./vllm-arguments";
import { fetchedWeights, weightsUnitName } from "./weights-unit";

/** Names of the services that a host has once at most; `serverUnits` has those of each server. */
export const UNITS = {
  firewall: "shardplan-firewall.service",
  gateway: "shardplan-gateway.service",
  certificate: "shardplan-certificate.service",
  certificateTimer: "shardplan-certificate.timer",
  prometheus: "shardplan-prometheus.service",
  nodeExporter: "shardplan-node-exporter.service",
  publisher: "shardplan-publisher.service",
  publisherTimer: "shardplan-publisher.timer",
  logPublisher: "shardplan-log-publisher.service",
  logPublisherTimer: "shardplan-log-publisher.timer",
  alertmanager: "shardplan-alertmanager.service",
  gpuExporter: "shardplan-gpu-exporter.service",
  stop: "shardplan-stop.service",
  stopTimer: "shardplan-stop.timer",
} as const;

/** System users that own the services; neither can log in. */
export const USERS = { engine: "shardplan", gateway: "shardplan-gateway" } as const;

/** On NVSwitch machines CUDA does not start before the fabric is up; both units are absent elsewhere, which `After` allows. */
const GPU_UNITS = ["nvidia-persistenced.service", "nvidia-fabricmanager.service"];

/**
 * Makes the device file of CUDA's unified memory, as root (`+`): the services may not (`NoNewPrivileges`), and it is gone
 * with each boot. Where the distribution makes it, its tool is absent, which `-` forgives.
 */
const makeDeviceFiles = ({ gpu }: Plan): string[] =>
  gpu.kind === "gpu" ? ["+-/usr/bin/nvidia-modprobe -u -c=0"] : [];

/** A machine in the cloud that was stopped comes back with empty local disks. */
function weights(plan: Plan): { file: string; reason: string } {
  const { model, modelComplete } = hostPaths(plan);
  const gone = `The weights are not in ${model} (local disks are empty after a stop of the machine)`;
  const remedy =
    plan.deployment.model.source === "path"
      ? "put them there and run pulumi up"
      : `see journalctl -u ${weightsUnitName("model")} for why they could not be fetched again, then run pulumi up`;
  return { file: modelComplete, reason: `${gone}: ${remedy}` };
}

const weightsUnits = (plan: Plan): string[] => fetchedWeights(plan).map(weightsUnitName);

/** RDMA pins memory; root's powers are of no use to Ray and vLLM. */
const ENGINE_OPTIONS = ["LimitMEMLOCK=infinity", "CapabilityBoundingSet="];

/** Ray on the first node of a server. */
export function rayHeadUnit(plan: Plan, addresses: NodeAddresses, server = firstServer(plan)): string {
  return rayUnit(plan, addresses, server, rayHeadCommand(plan, addresses, server));
}

/** Ray on a further node of a server. */
export function rayWorkerUnit(plan: Plan, addresses: NodeAddresses, server = firstServer(plan)): string {
  return rayUnit(plan, addresses, server, rayWorkerCommand(plan, addresses, server), weights(plan));
}

function rayUnit(
  plan: Plan,
  addresses: NodeAddresses,
  server: EngineServer,
  command: readonly string[],
  needs?: SystemdService["needs"],
): string {
  const { RAY_ADDRESS: _, ...environment } = serviceEnvironment(plan, addresses, server);
  return systemdUnit({
    description: "shardplan: Ray",
    after: GPU_UNITS,
    // Only where ranks of vLLM run under it is it Ray that needs the weights.
    wants: needs === undefined ? [] : weightsUnits(plan),
    user: USERS.engine,
    environment,
    environmentFiles: [`${hostPaths(plan).secrets}/ray.env`],
    before: makeDeviceFiles(plan),
    needs,
    command: fromEnvironment(plan, command),
    restartSeconds: 5,
    stopSeconds: 60,
    options: ENGINE_OPTIONS,
  });
}

/** A server of vLLM on its first node; it reaches the GPUs of the others through Ray. */
export function vllmUnit(plan: Plan, addresses: NodeAddresses, server = firstServer(plan)): string {
  const { rayHead } = serverUnits(server);
  const overRay = plan.serving.executor === "ray";
  const { secrets } = hostPaths(plan);
  // As root (+): what is stopped is not ready.
  const refuse = `+-/bin/rm -f ${readyFile(plan, server)}`;
  return systemdUnit({
    description: `shardplan: vLLM serving ${servedModelName(plan)}`,
    after: overRay ? [...GPU_UNITS, rayHead] : GPU_UNITS,
    wants: weightsUnits(plan),
    requires: overRay ? [rayHead] : [],
    user: USERS.engine,
    environment: serviceEnvironment(plan, addresses, server),
    environmentFiles: [`${secrets}/vllm.env`, ...(overRay ? [`${secrets}/ray.env`] : [])],
    before: makeDeviceFiles(plan),
    needs: weights(plan),
    command: fromEnvironment(plan, ["vllm", "serve", ...vllmArguments(plan, server, addresses.node)]),
    restartSeconds: 15,
    stopSeconds: 2 * DRAIN_SECONDS,
    options: [...ENGINE_OPTIONS, `ExecStop=${refuse}`, `ExecStopPost=${refuse}`],
  });
}

/** For services that use no device and compile nothing. */
export const NEEDS_NO_HOST = [
  "PrivateTmp=yes",
  "PrivateDevices=yes",
  "ProtectHome=yes",
  "ProtectClock=yes",
  "MemoryDenyWriteExecute=yes",
];

/** Is there while a server answers completions: its watchdog's word. */
export const readyFile = (plan: Plan, server: EngineServer): string =>
  `${hostPaths(plan).ready}${instance(server)}`;

/**
 * The TLS gateway before the servers. Its master stays while workers with another configuration, certificate or keys take
 * over. It may bind ports below 1024 and nothing else that an ordinary user may not.
 */
export function gatewayUnit(plan: Plan): string {
  return systemdUnit({
    description: "shardplan: gateway",
    after: [],
    user: USERS.gateway,
    command: ["/usr/sbin/haproxy", "-W", "-db", "-f", hostPaths(plan).gatewayConfig],
    reload: "/bin/kill -USR2 $MAINPID",
    restartSeconds: 2,
    stopSeconds: DRAIN_SECONDS,
    options: [
      "RuntimeDirectory=shardplan-gateway",
      "RuntimeDirectoryMode=700",
      "AmbientCapabilities=CAP_NET_BIND_SERVICE",
      "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
      ...NEEDS_NO_HOST,
      "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
      "SystemCallFilter=@system-service",
    ],
  });
}

const fromEnvironment = (plan: Plan, [program, ...rest]: readonly string[]): string[] => [
  `${hostPaths(plan).pythonEnvironment}/bin/${program}`,
  ...rest,
];
