import { hasChange } from "../performance";
import type { Plan } from "../strategy";
import { type EngineServer, engineServers } from "./servers";

/** A request behind this many times the first-token target is better told to come back than kept waiting. */
const PATIENCE = 2;

/**
 * Requests, running and waiting, from which on vLLM answers 503 instead of queueing without end; undefined where nothing
 * is limited. As many as run at once, and as many more as are served within twice the p99 target of the first token:
 * whoever comes behind them would wait longer than that. Never fewer than the clients of a closed loop. Each server has
 * its own limit, for its share of the rate.
 */
export function admissionLimit(plan: Plan, { replicas }: EngineServer): number | undefined {
  const { deployment, serving, throughput } = plan;
  const { workload, slo } = deployment;
  const { vllmVersion, maxQueuedRequests: wanted } = deployment.serving;
  const canLimit = hasChange({ name: "vLLM", version: vllmVersion }, "admissionLimits");
  if (wanted === "off" || !canLimit) return undefined;
  if (wanted !== "auto") return wanted;
  if (workload.arrivals === "offline" || !(throughput.saturatedRequestRate > 0)) return undefined;
  const running = replicas * serving.maxNumSeqs;
  const rate = throughput.saturatedRequestRate / engineServers(plan).length;
  const waiting = Math.ceil((PATIENCE * rate * slo.firstToken.p99Ms) / 1000);
  return workload.arrivals === "closed"
    ? Math.max(workload.concurrency, running + waiting)
    : running + waiting;
}
