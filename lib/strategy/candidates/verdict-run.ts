import type { SimulationResult } from "../../performance";
import { type Observed, observe } from "../replica/observe";
import type { Replica } from "../replica/replica";
import { runSimulation, serviceTraffic } from "../replica/run-simulation";
import { loadedRequirements, type Pressure, tightest } from "../requirements/assess";
import type { Situation } from "../situation";

/** Independent runs that a verdict rests on: enough to see how far they lie apart. */
export const RUNS = 4;
/** Distance of the seeds of independent runs. */
const SEED_STEP = 100_003;
/** Independent runs of the service at one rate. */
export interface VerdictRun {
  readonly results: readonly SimulationResult[];
  readonly seen: Observed;
  /** Requests of all runs together. */
  readonly requests: number;
  readonly isStable: boolean;
}

/**
 * Runs the service at a rate (requests per second over all replicas), `requests` in all. A run whose queue grows is the last
 * one: it settles that the rate is too high.
 */
export function runAt(
  situation: Situation,
  replica: Replica,
  load: { readonly rate: number; readonly requests: number; readonly runs?: number },
): VerdictRun {
  const { seed, arrivals, simulatedRequests } = situation.deployment.workload;
  // What is sent at once is the question: a part of it would end sooner.
  const isOffline = arrivals === "offline";
  const runs = isOffline ? 1 : (load.runs ?? RUNS);
  const requests = isOffline ? simulatedRequests : Math.ceil(load.requests / runs);
  const results: SimulationResult[] = [];
  for (let index = 0; index < runs && results.every(({ stable }) => stable); index++) {
    const traffic = { rate: load.rate, requests, seed: seed + index * SEED_STEP };
    results.push(runSimulation(situation, replica, serviceTraffic(situation, replica, traffic)));
  }
  return {
    results,
    seen: observe(replica, results),
    requests: runs * requests,
    isStable: results.every(({ stable }) => stable),
  };
}

/** How close the runs are to the tightest requirement. Rates are requests per second over all replicas. */
export function pressureAt(
  situation: Situation,
  replica: Replica,
  { run, rate, saturated }: { readonly run: VerdictRun; readonly rate: number; readonly saturated: number },
): Pressure {
  if (!run.isStable) return { value: Number.POSITIVE_INFINITY, by: "request-rate" };
  return tightest(loadedRequirements(situation, replica, { ...run.seen, rate, saturated }));
}
