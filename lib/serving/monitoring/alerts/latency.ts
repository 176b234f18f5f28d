import { LATENCIES } from "../expressions";
import { resolvedSeconds } from "../latency-buckets";
import { type AlertRule, alertRule } from "../rule";
import type { Series } from "../series";
import type { Thresholds } from "../thresholds";

/** Each latency against its target and, where asked, the plan's band, and where decode is going. */
export const latencyAlerts = (
  series: Series,
  thresholds: Thresholds,
  { bands }: { readonly bands: boolean },
): readonly AlertRule[] => [
  ...LATENCIES.flatMap(({ of, metric, name }) => {
    const { targetMs, bandHighMs } = thresholds[of];
    const words = metric.replace("_", " ");
    const above = (ms: number) =>
      `${series(`shardplan:${metric}_p99_seconds`)} > ${promNumber(resolvedSeconds(of, ms))}`;
    return [
      alertRule({
        name: `Shardplan${name}P99AboveTarget`,
        heading: "Latency above its target",
        expr: above(targetMs),
        lasting: "10m",
        severity: "warning",
        summary: `p99 of ${words} above its target of ${targetMs} ms`,
        meaning: "one in a hundred is slower than promised",
        remedy: "compare rate and lengths with the plan's workload; plan again with what is seen",
      }),
      ...(bandHighMs === undefined || !bands
        ? []
        : [
            alertRule({
              name: `Shardplan${name}P99BeyondBand`,
              heading: "Latency beyond the band",
              expr: above(bandHighMs),
              lasting: "30m",
              severity: "warning",
              summary: `p99 of ${words} above the plan's band, which ends at ${bandHighMs} ms`,
              meaning: "the plan no longer describes the service, whether the target holds or not",
              remedy: "plan again with the real workload; look for throttled clocks",
            }),
          ]),
    ];
  }),
  ...decodeTrend(series, thresholds.decode.targetMs),
];

const promNumber = (value: number) => (Number.isFinite(value) ? `${value}` : "+Inf");

/**
 * A trend is against a time when the load was alike. A step is steep; a slope is slow, and is told early enough that there
 * is a night to do something in.
 */
function decodeTrend(series: Series, targetMs: number): readonly AlertRule[] {
  const p99 = series("shardplan:decode_p99_seconds");
  const reference = series("shardplan:decode_p99_reference_seconds");
  const target = promNumber(resolvedSeconds("decode", targetMs));
  return [
    alertRule({
      name: "ShardplanDecodeSlows",
      expr: `${p99} > 1.5 * ${reference}`,
      lasting: "15m",
      severity: "warning",
      summary: "the p99 of decode is more than 1.5 times what it was at this hour of the day before",
      meaning: "something changes: longer contexts, more at once, or a GPU that throttles",
      remedy: "compare vllm:num_requests_running, prompt lengths and GPU clocks with then",
    }),
    alertRule({
      name: "ShardplanDecodeCreeps",
      // A course of six hours takes six hours: by that of a morning after an idle night everything goes to the sky.
      expr:
        `predict_linear(${p99}[6h], 12 * 3600) > ${target} and ${p99} > 1.1 * ${reference} and ` +
        `present_over_time(${p99}[1h] offset 5h)`,
      lasting: "30m",
      severity: "warning",
      summary: `on its course of the last six hours the p99 of decode passes ${targetMs} ms within twelve`,
      meaning: "it grows, and is more than a tenth above the same hour of the day before",
      remedy:
        "compare rate, lengths and GPU clocks with the day before; add hosts before the target is missed",
    }),
  ];
}
