import { enoughRequests, LATENCIES, LATENCY_HISTOGRAMS, type MeasuredLatency } from "./expressions";
import { resolvedSeconds } from "./latency-buckets";
import { type AlertRule, alertRule, type RecordingRule } from "./rule";
import type { Series } from "./series";
import type { Thresholds } from "./thresholds";

/** A target at the 99th percentile leaves this share of slow ones. */
const BUDGET = 0.01;

/** Windows and factors of the SRE workbook (chapter 5, table 5-8), its third alert over half a day for a bounded disk. */
const BURNS = [
  { long: "1h", short: "5m", factor: 14.4, severity: "critical" },
  { long: "6h", short: "30m", factor: 6, severity: "critical" },
  { long: "12h", short: "1h", factor: 3, severity: "warning" },
] as const;

const recordName = (metric: string, window: string) => `shardplan:${metric}_slow_share:${window}`;

/** The share of requests (or gaps) above each target, over every window that an alert asks about. */
export function slowShareRules(series: Series, thresholds: Thresholds): readonly RecordingRule[] {
  const windows = [...new Set(BURNS.flatMap(({ long, short }) => [short, long]))];
  return LATENCIES.flatMap(({ of, metric }) =>
    windows.map((window) => ({
      record: recordName(metric, window),
      expr: slowShare(series, of, thresholds[of].targetMs, window),
    })),
  );
}

/**
 * One alert a latency: the budget of slow ones is spent much faster than it may be, over a long window, and still is, over
 * a short one.
 */
export const burnRateAlerts = (series: Series, thresholds: Thresholds): readonly AlertRule[] =>
  LATENCIES.flatMap(({ of, metric, name, words }) =>
    BURNS.map(({ long, short, factor, severity }) => {
      const above = (window: string) =>
        `${series(recordName(metric, window))} > ${Number((factor * BUDGET).toFixed(4))}`;
      return alertRule({
        name: `Shardplan${name}BudgetBurns${long}`,
        heading: "Latency budget burns",
        // Of a handful one slow request is more than any budget: it is the first of a hundred.
        expr: `${above(long)} and ${above(short)} and on () ${enoughRequests(series, long)}`,
        lasting: "2m",
        severity,
        summary: `${words} above ${thresholds[of].targetMs} ms are ${factor} times as frequent as the target allows, for ${long}`,
        meaning: "the latency target at the 99th percentile is being missed",
        remedy:
          "compare the traffic with the plan's workload; plan again with what is seen; add hosts or shed load",
      });
    }),
  );

/** Share of observations above `ms`, 0..1, as far as the histogram's buckets can tell. */
function slowShare(series: Series, of: MeasuredLatency, ms: number, window: string): string {
  const histogram = LATENCY_HISTOGRAMS[of];
  const bound = resolvedSeconds(of, ms);
  const le = Number.isFinite(bound) ? (Number.isInteger(bound) ? `${bound}.0` : `${bound}`) : "+Inf";
  const fast = `sum(rate(${series(`${histogram}_bucket`, `le="${le}"`)}[${window}]))`;
  return `1 - ${fast} / sum(rate(${series(`${histogram}_count`)}[${window}]))`;
}
