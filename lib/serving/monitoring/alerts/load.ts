import { type AlertRule, alertRule } from "../rule";
import type { Series } from "../series";
import type { Lengths, Thresholds } from "../thresholds";

/** Whether what is asked is what the plan was made for, and whether the GPUs keep up with it. */
export const loadAlerts = (series: Series, thresholds: Thresholds): readonly AlertRule[] => [
  ...capacity(series, thresholds),
  ...rate(series, thresholds),
  ...drift(series, { name: "Prompts", metric: "prompt", of: "promptTokens" }, thresholds.promptTokens),
  ...drift(series, { name: "Outputs", metric: "output", of: "outputTokens" }, thresholds.outputTokens),
];

const capacity = (series: Series, { kvCacheUsage }: Thresholds): readonly AlertRule[] => [
  alertRule({
    name: "ShardplanKvCacheFull",
    expr: `${series("shardplan:kv_cache_usage")} > ${kvCacheUsage}`,
    lasting: "5m",
    severity: "warning",
    summary: `more than ${kvCacheUsage} of the KV cache is in use`,
    meaning: "requests soon wait for memory or are preempted",
    remedy: "compare traffic with the plan's workload; plan again with the real rate and lengths",
  }),
  alertRule({
    name: "ShardplanPreemptions",
    expr: `sum(increase(${series("vllm:num_preemptions_total")}[10m])) > 0`,
    lasting: "10m",
    severity: "warning",
    summary: "requests are preempted again and again",
    meaning: "the KV cache is too small for what runs at once; preempted prompts are read twice",
    remedy: "lower serving.maxNumSeqs, or plan again with the real lengths",
  }),
];

function rate(series: Series, { sustainableRequestRate, throughputKept }: Thresholds): readonly AlertRule[] {
  if (sustainableRequestRate === undefined) return [];
  const tokens = series("shardplan:output_tokens_per_second_per_gpu");
  const kept = Number(throughputKept.toFixed(4));
  return [
    alertRule({
      name: "ShardplanThroughputLow",
      // One that gives no token at all is wedged or away, which has alerts of its own.
      expr:
        `${tokens} < ${kept} * ${series("shardplan:expected_tokens_per_second_per_gpu")} and ${tokens} > 0 and ` +
        `min_over_time(${series("shardplan:requests_waiting")}[5m]) > 0`,
      lasting: "10m",
      severity: "warning",
      summary: `less than ${kept} of the tokens that the present load asks for, while requests wait`,
      meaning: "the GPUs do less than the plan expects of them",
      remedy: "look for throttled clocks, XID errors and preemptions",
    }),
    alertRule({
      name: "ShardplanBeyondSustainableRate",
      expr: `${series("shardplan:request_rate")} > ${sustainableRequestRate}`,
      lasting: "10m",
      severity: "warning",
      summary: `more than the ${sustainableRequestRate} requests/s that the plan sustains`,
      meaning: "the plan promises its latencies up to this rate only",
      remedy: "add hosts, or shed load at the gateway",
    }),
  ];
}

function drift(
  series: Series,
  { name, metric, of }: { readonly name: string; readonly metric: string; readonly of: string },
  { longest, shortest }: Lengths,
): readonly AlertRule[] {
  const mean = series(`shardplan:mean_${metric}_tokens`);
  const alert = (way: "Longer" | "Shorter", than: string, limit: number, meaning: string) =>
    alertRule({
      name: `Shardplan${name}${way}`,
      expr: `${mean} ${than} ${limit}`,
      lasting: "15m",
      severity: "warning",
      summary: `${metric}s of the last hour have ${than === ">" ? "more" : "fewer"} than ${limit} tokens in the mean`,
      meaning,
      remedy: `plan again with the lengths that are seen: workload.${of}`,
    });
  return [
    alert(
      "Longer",
      ">",
      longest,
      "traffic is not what the plan was made for, so its rates and latencies do not hold",
    ),
    alert(
      "Shorter",
      "<",
      shortest,
      "traffic is not what the plan was made for: nothing suffers, but fewer or cheaper machines may do",
    ),
  ];
}
