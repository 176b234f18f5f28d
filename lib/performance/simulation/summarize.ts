import type { LatencyStatistics, SimulationInput, SimulationResult } from "../types";
import type { Fleet } from "./fleet";
import { isStable } from "./is-stable";
import { latencyStatistics } from "./latency-statistics";
import type { Recorder } from "./recorder";
import type { RequestTable } from "./request-table";
import type { Watch } from "./watch";

const NOTHING: LatencyStatistics = {
  meanMs: Number.NaN,
  p50Ms: Number.NaN,
  p90Ms: Number.NaN,
  p99Ms: Number.NaN,
};

interface Finished {
  readonly input: SimulationInput;
  readonly requests: RequestTable;
  readonly fleet: Fleet;
  readonly recorder: Recorder;
  readonly watch: Watch;
  readonly gaveUp: boolean;
}

/** Result of a simulation that cannot start: one request alone exceeds the cache. */
export function infeasibleResult(reason: string): SimulationResult {
  return {
    asRun: { firstToken: NOTHING, timePerOutputToken: NOTHING, outputTokensPerSecond: Number.NaN },
    steady: {
      prefill: NOTHING,
      firstToken: NOTHING,
      interToken: NOTHING,
      timePerOutputToken: NOTHING,
      outputTokensPerSecond: Number.NaN,
      requestsPerSecond: Number.NaN,
    },
    stable: false,
    steps: 0,
    preemptions: 0,
    gpuBusy: Number.NaN,
    meanRunningSequences: Number.NaN,
    maxRunningSequences: 0,
    runningSequencesP99: Number.NaN,
    maxKvUsage: Number.NaN,
    kvUsageP99: Number.NaN,
    replicaImbalance: Number.NaN,
    bubbleShare: Number.NaN,
    timeline: [],
    infeasible: reason,
  };
}

/** Statistics of `value(request)` over the requests from `first` on for which it is a number. */
function over(requests: RequestTable, first: number, value: (request: number) => number): LatencyStatistics {
  const values = new Float64Array(requests.count - first);
  let count = 0;
  for (let i = first; i < requests.count; i++) {
    const ms = value(i);
    if (!Number.isNaN(ms)) values[count++] = ms;
  }
  return latencyStatistics(values.subarray(0, count));
}

function replicaImbalance(fleet: Fleet): number {
  const served = fleet.replicas.map((replica) => replica.servedTokens);
  const total = served.reduce((sum, tokens) => sum + tokens, 0);
  return total === 0 ? 0 : ((Math.max(...served) - Math.min(...served)) * served.length) / total;
}

const at = (column: Float64Array, request: number): number => column[request];

function firstToken(requests: RequestTable, first: number): LatencyStatistics {
  const { firstTokenMs, sentMs } = requests;
  return over(requests, first, (i) => at(firstTokenMs, i) - at(sentMs, i));
}

function prefill(requests: RequestTable, first: number): LatencyStatistics {
  const { firstTokenMs, scheduledMs } = requests;
  return over(requests, first, (i) => at(firstTokenMs, i) - at(scheduledMs, i));
}

function timePerOutputToken(requests: RequestTable, first: number): LatencyStatistics {
  const { doneMs, firstTokenMs, outputTokens } = requests;
  return over(requests, first, (i) => {
    const gaps = outputTokens[i] - 1;
    return gaps > 0 ? (at(doneMs, i) - at(firstTokenMs, i)) / gaps : Number.NaN;
  });
}

function tokensOfDone(requests: RequestTable): number {
  let tokens = 0;
  for (let i = 0; i < requests.count; i++)
    if (!Number.isNaN(requests.doneMs[i])) tokens += requests.outputTokens[i];
  return tokens;
}

/** Totals over the steady window, or over the whole run when the window is too short to hold a completion. */
function totals({ recorder, fleet, requests }: Finished, endMs: number) {
  const windowMs = recorder.closedMs - recorder.openedMs;
  if (recorder.completions > 0 && windowMs > 0) {
    const { tokens, completions, busyMs, runningMs } = recorder;
    return { tokens, completions, busyMs, runningMs, spanMs: windowMs };
  }
  const startMs = requests.sentMs[0];
  const { busyAllMs, runningAllMs } = recorder;
  return {
    tokens: tokensOfDone(requests),
    completions: fleet.done,
    busyMs: busyAllMs,
    runningMs: runningAllMs,
    spanMs: endMs - startMs,
  };
}

/** A run so short that its steady window holds no time is described by what it reached. */
const known = (p99: number, most: number): number => (Number.isNaN(p99) ? most : p99);

/** Turns the columns of a finished run into the result. */
export function summarize(finished: Finished): SimulationResult {
  const { input, requests, fleet, recorder, watch, gaveUp } = finished;
  let endMs = 0;
  for (const replica of fleet.replicas) endMs = Math.max(endMs, replica.nowMs);
  recorder.stop(endMs);
  const first = watch.firstSteady < requests.count ? watch.firstSteady : 0;
  const { tokens, completions, busyMs, runningMs, spanMs } = totals(finished, endMs);
  const stageMs = spanMs * input.latency.stages * fleet.replicas.length;
  return {
    // Sorting twice more costs as much as a short run, and a search never asks.
    get asRun() {
      return {
        firstToken: firstToken(requests, 0),
        timePerOutputToken: timePerOutputToken(requests, 0),
        outputTokensPerSecond: (tokensOfDone(requests) / (endMs - requests.sentMs[0])) * 1000,
      };
    },
    steady: {
      prefill: prefill(requests, first),
      firstToken: firstToken(requests, first),
      get timePerOutputToken() {
        return timePerOutputToken(requests, first);
      },
      interToken: recorder.gaps.statistics(),
      outputTokensPerSecond: (tokens / spanMs) * 1000,
      requestsPerSecond: (completions / spanMs) * 1000,
    },
    stable: !gaveUp && isStable(watch, requests.count),
    steps: recorder.steps,
    preemptions: recorder.preemptions,
    gpuBusy: Math.min(1, busyMs / stageMs),
    meanRunningSequences: runningMs / spanMs,
    maxRunningSequences: recorder.maxRunning,
    runningSequencesP99: known(recorder.runningTime.at(0.99), recorder.maxRunning),
    maxKvUsage: recorder.maxKvUsage,
    kvUsageP99: known(recorder.kvUsageAt(0.99), recorder.maxKvUsage),
    replicaImbalance: replicaImbalance(fleet),
    bubbleShare: input.latency.stages > 1 ? Math.max(0, 1 - recorder.busyAllMs / recorder.workedMs) : 0,
    timeline: watch.timeline,
  };
}
