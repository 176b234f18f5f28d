import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { PORTS } from "../lib/serving";
import type { LocalHost, LocalHosts } from "./hosts/local-hosts";
import { runOnHost } from "./hosts/run-on-host";

/** Prometheus's answer to what alerts there are (its HTTP API, v1). */
const answer = z.object({
  data: z.object({
    alerts: z.array(
      z.object({ labels: z.object({ alertname: z.string() }), state: z.enum(["pending", "firing"]) }),
    ),
  }),
});

/** Names of the alerts that fire at this moment on a stack whose first host it is, each once and sorted. */
export async function firingAlerts(hosts: LocalHosts, host: LocalHost): Promise<string[]> {
  const { stdout } = await runOnHost(
    hosts,
    host,
    `curl -sf http://127.0.0.1:${PORTS.prometheus}/api/v1/alerts`,
  );
  const names = answer
    .parse(JSON.parse(stdout))
    .data.alerts.filter(({ state }) => state === "firing")
    .map(({ labels }) => labels.alertname);
  return [...new Set(names)].sort();
}

/** Prometheus's answer to a query with one series each (its HTTP API, v1). */
const series = z.object({
  data: z.object({ result: z.array(z.object({ metric: z.object({ alertname: z.string() }) })) }),
});

const TRIES = 6;
const PAUSE_MS = 10_000;

/**
 * Names of the alerts that fired at any time within the last seconds, sorted: Prometheus keeps what fires as series, so none
 * is missed between two looks. A busy host is asked for up to a minute.
 */
export async function alertsFiredFor(hosts: LocalHosts, host: LocalHost, seconds: number): Promise<string[]> {
  const query = `count by (alertname) (present_over_time(ALERTS{alertstate="firing"}[${seconds}s]))`;
  const ask = `curl -sfG --data-urlencode 'query=${query}' http://127.0.0.1:${PORTS.prometheus}/api/v1/query`;
  for (let tries = 1; ; tries++) {
    try {
      const { stdout } = await runOnHost(hosts, host, ask);
      return series
        .parse(JSON.parse(stdout))
        .data.result.map(({ metric }) => metric.alertname)
        .sort();
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
