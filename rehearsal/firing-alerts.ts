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
