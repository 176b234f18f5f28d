import type { LatencyStatistics, SimulationResult } from "../../performance";
import type { PlanLatency } from "../types";
import type { Replica } from "./replica";

/** Percentiles of one latency in ms, with their relative standard errors; 0 for a single run, which shows none. */
export interface SeenLatency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p50Error: number;
  readonly p99Error: number;
}

/** What runs at a rate show, in the quantities that requirements are held against. */
export interface Observed {
  readonly latency: Readonly<Record<keyof PlanLatency, SeenLatency>>;
  /** Sequences that a replica runs at once at most for 99 % of the time. */
  readonly batch: number;
  /** KV tokens of a replica in use at most for 99 % of the time. */
  readonly kvTokens: number;
}

/** Mean of the values and its relative standard error. */
function meanOf(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2 || !(mean > 0)) return { mean, error: 0 };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) / mean };
}

function latencySeen(runs: readonly LatencyStatistics[]): SeenLatency {
  const p50 = meanOf(runs.map(({ p50Ms }) => p50Ms));
  const p99 = meanOf(runs.map(({ p99Ms }) => p99Ms));
  return { p50Ms: p50.mean, p99Ms: p99.mean, p50Error: p50.error, p99Error: p99.error };
}

/** Reads independent runs of the same load: their means, and how far they lie apart. */
export function observe({ memory }: Replica, results: readonly SimulationResult[]): Observed {
  return {
    latency: {
      prefill: latencySeen(results.map(({ steady }) => steady.prefill)),
      firstToken: latencySeen(results.map(({ steady }) => steady.firstToken)),
      decode: latencySeen(results.map(({ steady }) => steady.interToken)),
    },
    batch: Math.round(meanOf(results.map(({ runningSequencesP99 }) => runningSequencesP99)).mean),
    kvTokens: meanOf(results.map(({ kvUsageP99 }) => kvUsageP99 || 0)).mean * memory.kvCacheTokens,
  };
}
