import type { SimulationResult } from "../performance";
import { type Run, runSimulation, serviceTraffic } from "./run-simulation";
import { effort, isTooSlowAlone, requestsWorth } from "./simulation-effort";
import type { Situation } from "./situation";

/** Halvings of the interval between a rate that holds and one that does not. */
const TRIALS = 5;

/** Do the latencies of a run meet every target, without a growing queue? */
export function meetsTargets({ deployment }: Situation, result: SimulationResult): boolean {
  const { slo } = deployment;
  const { prefill, firstToken, interToken } = result.steady;
  return (
    result.stable &&
    prefill.p50Ms <= slo.prefill.p50Ms &&
    prefill.p99Ms <= slo.prefill.p99Ms &&
    firstToken.p50Ms <= slo.firstToken.p50Ms &&
    firstToken.p99Ms <= slo.firstToken.p99Ms &&
    interToken.p50Ms <= slo.decode.p50Ms &&
    interToken.p99Ms <= slo.decode.p99Ms
  );
}

/** Requests per second that all replicas serve when their queues never run dry: a closed loop that fills every sequence. */
export function saturatedRate(situation: Situation, run: Run): number {
  const concurrency = run.serving.maxNumSeqs;
  const result = runSimulation(situation, run, {
    arrivals: { kind: "closed", concurrency },
    // The first wave is warm-up; three more give the steady rate.
    requests: 4 * concurrency,
    replicas: 1,
  });
  return result.steady.requestsPerSecond * run.strategy.dataParallel;
}

/** What is known of rates before the search. All in requests per second over all replicas. */
export interface RateBounds {
  /** A rate that meets every target, from a longer simulation; 0 when none is known. */
  readonly holds: number;
  /** A rate that does not. */
  readonly fails: number;
}

/**
 * Highest request rate at which every latency target holds (goodput), by bisection. One replica is simulated at its
 * share of the rate: splitting Poisson traffic gives Poisson traffic, and a balancer only makes it smoother.
 */
export function sustainableRate(situation: Situation, run: Run, bounds: RateBounds): number {
  if (isTooSlowAlone(situation, run.latency)) return 0;
  const { dataParallel } = run.strategy;
  let { holds, fails } = bounds;
  for (let trial = 0; trial < TRIALS && fails > holds; trial++) {
    const rate = (holds + fails) / 2;
    const traffic = serviceTraffic(situation, run.strategy, rate / dataParallel);
    const requests = requestsWorth(situation, run, { rate, steps: effort.trial });
    const result = runSimulation(situation, run, {
      ...traffic,
      requests,
      replicas: 1,
      giveUpWhenHopeless: true,
    });
    if (meetsTargets(situation, result)) holds = rate;
    else fails = rate;
  }
  return holds;
}
