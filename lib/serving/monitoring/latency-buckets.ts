import type { MeasuredLatency } from "./expressions";

/** Upper bounds of vLLM's histograms in seconds (0.33.0, vllm/v1/metrics/buckets.py). */
const BUCKETS: Readonly<Record<MeasuredLatency, readonly number[]>> = {
  decode: [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80],
  firstToken: [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160,
    640, 2560,
  ],
  prefill: [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680],
};

/**
 * The lowest bound, in seconds, above which a histogram can tell that a value is above `ms`. Within a bucket it knows
 * nothing: of prefills that all took 100 ms it says p99 297 ms, so an alert at 150 ms would fire for ever. Infinity
 * where the last bound lies below.
 */
export const resolvedSeconds = (of: MeasuredLatency, ms: number): number =>
  BUCKETS[of].find((bound) => bound >= ms / 1000) ?? Number.POSITIVE_INFINITY;

/**
 * Whether a percentile that a histogram tells, in seconds, keeps a target in milliseconds; undefined where both may lie in the
 * same bucket, of which nobody knows where in it the values are.
 */
export function keepsTarget(of: MeasuredLatency, targetMs: number, measured: number): boolean | undefined {
  if (measured > resolvedSeconds(of, targetMs)) return false;
  const surelyBelow = BUCKETS[of].findLast((bound) => bound <= targetMs / 1000);
  return surelyBelow !== undefined && measured <= surelyBelow ? true : undefined;
}
