import type { SimulationResult } from "../../performance";
import { type Observed, observe } from "../replica/observe";
import type { Replica } from "../replica/replica";
import { runSimulation, serviceTraffic } from "../replica/run-simulation";
import { loadedRequirements, type Pressure, tightest } from "../requirements/assess";
import type { Situation } from "../situation";

/** Independent runs that a verdict rests on: enough to see how far they lie apart. */
const RUNS = 4;
/** Distance of the seeds of independent runs. */
const SEED_STEP = 100_003;
/** A latency this many standard errors from its target is settled. */
const SETTLED = 2;
/** Times that the runs may be doubled to settle a verdict. */
const DOUBLINGS = 2;

/** Independent runs of the service at one rate. */
export interface VerdictRun {
  readonly results: readonly SimulationResult[];
  readonly seen: Observed;
  /** Requests of all runs together. */
  readonly requests: number;
  readonly isStable: boolean;
}

/** Runs the service at a rate (requests per second over all replicas), `requests` in all. */
export function runAt(
  situation: Situation,
  replica: Replica,
  load: { readonly rate: number; readonly requests: number; readonly runs?: number },
): VerdictRun {
  const { seed } = situation.deployment.workload;
  const runs = load.runs ?? RUNS;
  const requests = Math.ceil(load.requests / runs);
  const results = Array.from({ length: runs }, (_, index) => {
    const traffic = { rate: load.rate, requests, seed: seed + index * SEED_STEP };
    return runSimulation(situation, replica, serviceTraffic(situation, replica, traffic));
  });
  return {
    results,
    seen: observe(replica, results),
    requests: runs * requests,
    isStable: results.every(({ stable }) => stable),
  };
}

/** Is a target within the sampling error of what was seen? */
function isOpen({ deployment }: Situation, { seen }: VerdictRun): boolean {
  return (["prefill", "firstToken", "decode"] as const).some((name) => {
    const { p50Ms, p99Ms, p50Error, p99Error } = seen.latency[name];
    const near = (value: number, limit: number, error: number) =>
      Math.abs(value - limit) < SETTLED * error * value;
    return (
      near(p50Ms, deployment.slo[name].p50Ms, p50Error) || near(p99Ms, deployment.slo[name].p99Ms, p99Error)
    );
  });
}

/** Runs the service at a rate, and longer while a target lies within the sampling error of what is seen. */
export function settledRun(
  situation: Situation,
  replica: Replica,
  load: { readonly rate: number; readonly requests: number },
): VerdictRun {
  let run = runAt(situation, replica, load);
  for (let doubling = 1; doubling <= DOUBLINGS && run.isStable && isOpen(situation, run); doubling++) {
    run = runAt(situation, replica, { ...load, requests: load.requests * 2 ** doubling });
  }
  return run;
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
