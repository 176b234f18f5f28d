import { calibrated } from "../calibration/calibrated";
import type { SimulationInput, SimulationResult } from "../types";
import { assertSimulationInput } from "./assert-simulation-input";
import { findInfeasible } from "./find-infeasible";
import { Fleet, type HostTimes } from "./fleet";
import { Recorder } from "./recorder";
import { replicaLimits } from "./replica-limits";
import { createRequestTable } from "./request-table";
import { infeasibleResult, summarize } from "./summarize";
import { Watch } from "./watch";

/** Requests of open traffic that warm the system up before its figures count as steady. */
const WARM_UP_SHARE = 0.1;
/** Waiting requests, as a multiple of the sequences that can run, at which a search gives up on a rate. */
const HOPELESS_QUEUE = 2;

export interface SimulationOptions {
  /** Times outside the GPU; default: the calibrated ones. */
  readonly hostTimes?: HostTimes;
  /**
   * Stop as soon as the queue of open traffic is beyond recovery: the result is then unstable and its latencies are
   * those of the requests served until then. For searches over rates.
   */
  readonly giveUpWhenHopeless?: boolean;
}

function firstSteadyRequest(input: SimulationInput): number {
  const { arrivals, requests } = input.traffic;
  if (arrivals.kind === "closed") return Math.min(arrivals.concurrency, requests);
  return arrivals.kind === "offline" ? 0 : Math.floor(requests * WARM_UP_SHARE);
}

/**
 * Simulates the requests on the replicas, step by step of their schedulers. Deterministic: the same input gives the
 * same result to the last byte. Times in ms, rates per second over all replicas.
 *
 * Steady figures leave out the warm-up: the first `concurrency` requests of a closed loop, the first tenth of open
 * traffic, and offline the time before the first completion and after the queue has run empty.
 *
 * Returns `infeasible` when a request exceeds the KV cache by itself. Throws a RangeError for input out of range
 * (NaN, lengths or limits below 1) and an Error if the simulation could not make progress, which would be a bug.
 */
export function simulate(input: SimulationInput, options: SimulationOptions = {}): SimulationResult {
  assertSimulationInput(input);
  const requests = createRequestTable(input.traffic);
  const limits = replicaLimits(input, requests);
  const infeasible = findInfeasible(requests, limits);
  if (infeasible !== undefined) return infeasibleResult(infeasible);
  const recorder = new Recorder(limits.maxSequences);
  const watch = new Watch(input.traffic, recorder, firstSteadyRequest(input), requests.sentMs);
  const hopelessQueue = Math.max(256, HOPELESS_QUEUE * limits.maxSequences * input.replicas);
  const limitOfQueue = options.giveUpWhenHopeless === true ? hopelessQueue : Number.POSITIVE_INFINITY;
  const fleet: Fleet = new Fleet({
    input,
    limits,
    requests,
    recorder,
    hostTimes: options.hostTimes ?? calibrated,
    onTime: (nowMs) => {
      watch.sample(nowMs, fleet);
      return watch.lastWaiting > limitOfQueue;
    },
    nextLookMs: () => watch.nextLookMs,
  });
  fleet.run();
  const gaveUp = fleet.done < requests.count;
  return summarize({ input, requests, fleet, recorder, watch, gaveUp });
}
