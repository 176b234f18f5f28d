import type { LatencyStatistics } from "../types";

/** Linear interpolation between order statistics, as NumPy's default and thus as vLLM's benchmark prints it. */
function percentile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (position - below);
}

/** Mean and percentiles of the values in ms; NaN when there are none. Sorts `values` in place. */
export function latencyStatistics(values: Float64Array): LatencyStatistics {
  let sum = 0;
  for (const value of values) sum += value;
  values.sort();
  return {
    meanMs: values.length > 0 ? sum / values.length : Number.NaN,
    p50Ms: percentile(values, 0.5),
    p90Ms: percentile(values, 0.9),
    p99Ms: percentile(values, 0.99),
  };
}
