import type { SimulationResult } from "../../performance";
import { replicaOf, stepModelsOf } from "../replica/replica";
import { runSimulation, serviceTraffic } from "../replica/run-simulation";
import { EFFORT, trialRequests } from "../replica/simulation-effort";
import { situationOf } from "../situation";
import type { LoadPoint, Plan } from "../types";

/** Shares of the saturated rate at which the curve is drawn when no rates are given: dense towards the knee. */
const SHARES = [0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.85, 0.9, 0.95, 1];

function point(requestRate: number, result: SimulationResult): LoadPoint {
  const { firstToken, interToken } = result.steady;
  const latency = (ms: number) => (result.stable ? ms : Number.NaN);
  return {
    requestRate,
    firstTokenP50Ms: latency(firstToken.p50Ms),
    firstTokenP99Ms: latency(firstToken.p99Ms),
    decodeP50Ms: latency(interToken.p50Ms),
    decodeP99Ms: latency(interToken.p99Ms),
    stable: result.stable,
  };
}

/**
 * Latency percentiles of the chosen strategy against request rates (requests per second over all replicas), with the
 * plan's serving parameters. Without `rates`: from a tenth of the saturated rate up to it. Empty when the plan cannot run.
 */
export function loadCurve(plan: Plan, rates?: readonly number[]): LoadPoint[] {
  if (!plan.chosen.feasible) return [];
  const situation = situationOf(plan.deployment, plan.model, plan.draft);
  const { strategy, serving } = plan;
  const { seed } = plan.deployment.workload;
  const replica = replicaOf(situation, strategy, { serving, models: stepModelsOf(situation, strategy) });
  const wanted = rates ?? SHARES.map((share) => share * plan.throughput.saturatedRequestRate);
  return wanted.map((rate) => {
    const requests = trialRequests(situation, replica, rate, EFFORT.candidate);
    const traffic = serviceTraffic(situation, replica, { rate, requests, seed });
    return point(rate, runSimulation(situation, replica, { ...traffic, giveUpWhenHopeless: true }));
  });
}
