import type { Plan } from "../../strategy";
import { PORTS } from "../ports";
import { engineServers, listenAddress, serverPorts } from "../servers";
import { yamlText } from "../yaml-text";
import { isTold } from "./watched";

/** A host of the stack as Prometheus knows it. */
export interface ScrapedHost {
  /** What alerts call it. */
  readonly name: string;
  /** Address that the first host reaches. */
  readonly address: string;
}

/** Seconds between two readings: rates over two minutes, the shortest that a rule asks for, then have eight. */
const SCRAPE_SECONDS = 15;

/** An address with a port; those of IPv6 stand in brackets. */
export const socketAddress = (address: string, port: number): string =>
  `${address.includes(":") ? `[${address}]` : address}:${port}`;

const LOOPBACK = "127.0.0.1";

/** Where the node exporter of a host listens: on the first Prometheus is beside it; the others only their cluster reaches. */
export const exporterAddress = (node: number, address: string): string => (node === 0 ? LOOPBACK : address);

/**
 * The configuration of a Prometheus on the stack's first host, which reads vLLM, Ray, the gateway and the exporters of all
 * hosts.
 * Each target has the label `stack` and, as `instance`, its host's name: rules and alerts go by both.
 * @param hosts In the order of the plan's nodes.
 * @param rules File of the rules, as Prometheus finds it.
 */
export function prometheusConfig(
  plan: Plan,
  of: { readonly stack: string; readonly hosts: readonly ScrapedHost[]; readonly rules: string },
): string {
  const target = (address: string, port: number, instance: string) => ({
    targets: [socketAddress(address, port)],
    labels: { stack: of.stack, instance },
  });
  const onEach = (port: number) =>
    of.hosts.map(({ name, address }, at) => target(exporterAddress(at, address), port, name));
  const servers = engineServers(plan).flatMap((server) => {
    const host = of.hosts[server.nodes[0] ?? 0];
    if (host === undefined) return [];
    const port = serverPorts(server).vllm;
    return [target(listenAddress(plan, server, host.address), port, `${host.name}:${port}`)];
  });
  // Ray answers on the address that it has in its cluster; each node of a server has metrics of its own.
  const rays = engineServers(plan).flatMap((server) => {
    const port = serverPorts(server).rayMetrics;
    return server.nodes
      .flatMap((node) => of.hosts[node] ?? [])
      .map(({ name, address }) => target(address, port, `${name}:${port}`));
  });
  const { remoteWriteUrl } = plan.deployment.monitoring;
  const job = (name: string, targets: readonly object[]) => ({ job_name: name, static_configs: targets });
  const config = {
    global: { scrape_interval: `${SCRAPE_SECONDS}s`, evaluation_interval: `${SCRAPE_SECONDS}s` },
    rule_files: [of.rules],
    ...(isTold(plan)
      ? {
          alerting: {
            alertmanagers: [{ static_configs: [{ targets: [socketAddress(LOOPBACK, PORTS.alertmanager)] }] }],
          },
        }
      : {}),
    scrape_configs: [
      job("vllm", servers),
      job(
        "gateway",
        of.hosts.slice(0, 1).map(({ name }) => target(LOOPBACK, PORTS.gatewayMetrics, name)),
      ),
      ...(plan.serving.executor === "ray" ? [job("ray", rays)] : []),
      job("node", onEach(PORTS.nodeExporter)),
      ...(plan.gpu.kind === "cpu" ? [] : [job("dcgm", onEach(PORTS.dcgmExporter))]),
      ...(isTold(plan)
        ? [
            job(
              "alertmanager",
              of.hosts.slice(0, 1).map(({ name }) => target(LOOPBACK, PORTS.alertmanager, name)),
            ),
          ]
        : []),
    ],
    ...(remoteWriteUrl === undefined ? {} : { remote_write: [{ url: remoteWriteUrl }] }),
  };
  return yamlText(config);
}
