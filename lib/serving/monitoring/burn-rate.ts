import { LATENCY_HISTOGRAMS, type MeasuredLatency } from "./expressions";
import { resolvedSeconds } from "./latency-buckets";
import { type AlertRule, alertRule, type RecordingRule } from "./rule";
import type { Thresholds } from "./thresholds";

/** A target at the 99th percentile leaves this share of slow ones. */
const BUDGET = 0.01;

/** Windows and factors of the SRE workbook (chapter 5, table 5-8), its third alert over half a day for a bounded disk. */
const BURNS = [
  { long: "1h", short: "5m", factor: 14.4, severity: "critical" },
  { long: "6h", short: "30m", factor: 6, severity: "critical" },
  { long: "12h", short: "1h", factor: 3, severity: "warning" },
] as const;

const NAMES: Readonly<Record<MeasuredLatency, { readonly metric: string; readonly words: string }>> = {
  decode: { metric: "decode", words: "gaps between tokens" },
  firstToken: { metric: "first_token", words: "first tokens" },
  prefill: { metric: "prefill", words: "prefills" },
};

const LATENCIES = Object.keys(NAMES) as MeasuredLatency[];
const recordName = (of: MeasuredLatency, window: string) =>
  `shardplan:${NAMES[of].metric}_slow_share:${window}`;

/** The share of requests (or gaps) above each target, over every window that an alert asks about. */
export function slowShareRules(thresholds: Thresholds): readonly RecordingRule[] {
  const windows = [...new Set(BURNS.flatMap(({ long, short }) => [short, long]))];
  return LATENCIES.flatMap((of) =>
    windows.map((window) => ({
      record: recordName(of, window),
      expr: slowShare(of, thresholds[of].targetMs, window),
    })),
  );
}

/**
 * One alert a latency: the budget of slow ones is spent much faster than it may be, over a long window, and still is, over
 * a short one.
 */
export const burnRateAlerts = (thresholds: Thresholds): readonly AlertRule[] =>
  LATENCIES.flatMap((of) =>
    BURNS.map(({ long, short, factor, severity }) => {
      const above = (window: string) => `${recordName(of, window)} > ${Number((factor * BUDGET).toFixed(4))}`;
      const { metric, words } = NAMES[of];
      const name = metric.replace(/(^|_)./g, (start) => start.replace("_", "").toUpperCase());
      return alertRule({
        name: `Shardplan${name}BudgetBurns${long}`,
        expr: `${above(long)} and ${above(short)}`,
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
function slowShare(of: MeasuredLatency, ms: number, window: string): string {
  const histogram = LATENCY_HISTOGRAMS[of];
  const bound = resolvedSeconds(of, ms);
  const le = Number.isFinite(bound) ? (Number.isInteger(bound) ? `${bound}.0` : `${bound}`) : "+Inf";
  const fast = `sum(rate(${histogram}_bucket{le="${le}"}[${window}]))`;
  return `1 - ${fast} / sum(rate(${histogram}_count[${window}]))`;
}
