import { meanTokens } from "../figures/mean-tokens";
import { type Run, runSimulation, serviceTraffic } from "../replica/run-simulation";
import {
  decodeStepMs,
  type Effort,
  fullStepMs,
  isTooSlowAlone,
  requestsWorth,
  stepsPerRequest,
} from "../replica/simulation-effort";
import { meetsTargets } from "../requirements/targets";
import type { Situation } from "../situation";

/** Requests in flight, as a multiple of the sequences that run, that keep the queue from running dry. */
const PRESSURE = 1.5;
/** Generations of requests in flight until the mix of young and old sequences is the steady one, and the fewest that tell. */
const GENERATIONS = 8;
const FEWEST_GENERATIONS = 3;
/** Trials that simulating the saturated rate may cost. */
const SATURATION_SHARE = 5;

/**
 * Requests per second of one replica by hand: a request costs its prompt's share of full steps, which carry decodes
 * along, and then its share of the decode-only steps that are left. Stages of a pipeline work on different batches at
 * once. Against the simulation: within 5 % without a pipeline, up to a quarter too high with one (bubbles are left out).
 * For pipelines too deep to simulate to saturation, and for strategies that are too slow for their targets anyway.
 */
function saturatedRateByHand({ deployment }: Situation, run: Run): number {
  const { promptTokens, outputTokens, cachedPrefixTokens } = deployment.workload;
  const { maxNumSeqs, maxNumBatchedTokens } = run.serving;
  const { stages } = run.latency;
  const prompt = Math.max(1, meanTokens(promptTokens) - cachedPrefixTokens);
  const output = meanTokens(outputTokens);
  const contextTokens = meanTokens(promptTokens) + output / 2;
  const sequences = Math.min(maxNumSeqs, Math.max(1, run.kvCacheTokens / contextTokens));
  const batch = Math.max(1, Math.floor(sequences / stages));
  const decodes = Math.min(batch, Math.floor(maxNumBatchedTokens / 2));
  const fullSteps = prompt / (maxNumBatchedTokens - decodes);
  const full = fullStepMs(run.latency, { sequences: decodes, contextTokens }, maxNumBatchedTokens);
  const decodeSteps = Math.max(0, output / batch - fullSteps);
  const ms = fullSteps * full + decodeSteps * decodeStepMs(run.latency, batch, contextTokens);
  return (1000 * stages) / ms;
}

/** Requests per second that all replicas serve when their queues never run dry: a closed loop with more than can run. */
export function saturatedRate(situation: Situation, run: Run, effort: Effort): number {
  const { dataParallel } = run.strategy;
  const concurrency = Math.ceil(PRESSURE * run.serving.maxNumSeqs);
  const each = stepsPerRequest(situation, run, Number.MAX_SAFE_INTEGER);
  const budget = SATURATION_SHARE * effort.trial;
  if (isTooSlowAlone(situation, run.latency) || FEWEST_GENERATIONS * concurrency * each > 2 * budget) {
    return saturatedRateByHand(situation, run) * dataParallel;
  }
  const generations = Math.min(GENERATIONS, Math.max(FEWEST_GENERATIONS, budget / (concurrency * each)));
  const requests = Math.ceil(generations * concurrency);
  const result = runSimulation(situation, run, {
    arrivals: { kind: "closed", concurrency },
    requests,
    replicas: 1,
  });
  return result.steady.requestsPerSecond * dataParallel;
}

/** What is known of rates before the search, in requests per second over all replicas, and how hard to search. */
export interface RateSearch {
  /** A rate that meets every target, from a longer simulation; 0 when none is known. */
  readonly holds: number;
  /** A rate that does not. */
  readonly fails: number;
  readonly effort: Effort;
}

/**
 * Highest request rate at which every latency target holds (goodput), by bisection. One replica is simulated at its
 * share of the rate: splitting Poisson traffic gives Poisson traffic, and a balancer only makes it smoother.
 */
export function sustainableRate(situation: Situation, run: Run, search: RateSearch): number {
  if (isTooSlowAlone(situation, run.latency)) return 0;
  const { dataParallel } = run.strategy;
  let { holds, fails } = search;
  for (let trial = 0; trial < search.effort.halvings && fails > holds; trial++) {
    const rate = (holds + fails) / 2;
    const traffic = serviceTraffic(situation, run.strategy, rate / dataParallel);
    const requests = requestsWorth(situation, run, { rate, kind: "trial", effort: search.effort });
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
