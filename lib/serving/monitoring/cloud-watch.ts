import type { Plan } from "../../strategy";
import { LATENCIES } from "./expressions";
import { resolvedSeconds } from "./latency-buckets";
import { seriesOf } from "./series";
import { monitoringThresholds } from "./thresholds";

/** A figure of the stack as CloudWatch has it. */
export interface CloudWatchMetric {
  readonly name: string;
  /** One of CloudWatch's `StandardUnit`. */
  readonly unit: "None" | "Count" | "Count/Second" | "Milliseconds" | "Percent";
  /** PromQL with one value at most; none where nobody knows it at present. */
  readonly query: string;
}

/** When CloudWatch raises an alarm: a metric beyond a threshold in each of so many minutes. */
export interface CloudWatchAlarm {
  readonly name: string;
  readonly metric: string;
  readonly statistic: "Minimum" | "Maximum";
  readonly comparison: "GreaterThanThreshold" | "LessThanThreshold";
  readonly threshold: number;
  readonly minutes: number;
  /** `breaching`: silence is the alarm; `missing`: it says nothing, as where no request came. */
  readonly missing: "breaching" | "missing";
  readonly description: string;
}

/** Whether the stack's figures go to CloudWatch. */
export const isPublished = ({ deployment: { monitoring } }: Plan): boolean => monitoring.cloudWatch.on;

/** Whether what the stack's units log goes there, too. */
export const isLogged = (plan: Plan): boolean =>
  isPublished(plan) && plan.deployment.monitoring.cloudWatch.logDays > 0;

/** What is put into CloudWatch each minute. Histograms stay where they are: there each of their buckets would be a metric. */
export function cloudWatchMetrics(stack: string): readonly CloudWatchMetric[] {
  const series = seriesOf(stack);
  const recorded = (name: string) => series(`shardplan:${name}`);
  const firing = (severity: string) =>
    `count(${series("ALERTS", 'alertstate="firing"', `severity="${severity}"`)}) or vector(0)`;
  return [
    // A server that Prometheus does not know at all does not answer either.
    { name: "EngineUp", unit: "None", query: `min(${series("up", 'job="vllm"')}) or vector(0)` },
    { name: "CriticalAlerts", unit: "Count", query: firing("critical") },
    { name: "WarningAlerts", unit: "Count", query: firing("warning") },
    ...LATENCIES.map(({ metric, name }) => ({
      name: `${name}P99`,
      unit: "Milliseconds" as const,
      query: `1000 * ${recorded(`${metric}_p99_seconds`)}`,
    })),
    {
      name: "OutputTokensPerSecondPerGpu",
      unit: "Count/Second",
      query: recorded("output_tokens_per_second_per_gpu"),
    },
    { name: "KvCacheUsage", unit: "Percent", query: `100 * ${recorded("kv_cache_usage")}` },
    { name: "RequestRate", unit: "Count/Second", query: recorded("request_rate") },
    { name: "RequestsWaiting", unit: "Count", query: recorded("requests_waiting") },
  ];
}

/** CloudWatch looks back a day at most. */
const MOST_MINUTES = 24 * 60;

/** The alarms, with the thresholds of the plan's alert rules. Latencies that a histogram cannot tell have none. */
export function cloudWatchAlarms(plan: Plan): readonly CloudWatchAlarm[] {
  const thresholds = monitoringThresholds(plan);
  const rate = thresholds.sustainableRequestRate;
  const above = { statistic: "Maximum", comparison: "GreaterThanThreshold", missing: "missing" } as const;
  return [
    {
      name: "engine-down",
      metric: "EngineUp",
      statistic: "Minimum",
      comparison: "LessThanThreshold",
      threshold: 1,
      minutes: Math.min(MOST_MINUTES, Math.ceil(thresholds.loadSeconds / 60)),
      missing: "breaching",
      description:
        "A server of vLLM does not answer, for longer than it takes to load; or nobody says that it does: the first host, " +
        "its Prometheus or shardplan-publisher.timer is away. First look: journalctl -u shardplan-vllm",
    },
    {
      ...above,
      name: "critical-alerts",
      metric: "CriticalAlerts",
      threshold: 0,
      minutes: 1,
      description:
        "Prometheus on the first host has a critical alert: requests fail or soon will. npx shardplan status says which",
    },
    ...LATENCIES.flatMap(({ of, metric, name }) => {
      const { targetMs } = thresholds[of];
      const threshold = 1000 * resolvedSeconds(of, targetMs);
      const words = metric.replace("_", " ");
      if (!Number.isFinite(threshold)) return [];
      const description = `The p99 of ${words} is above its target of ${targetMs} ms; the first bound of vLLM's histogram that can tell is ${threshold} ms`;
      return [
        {
          ...above,
          name: `${metric.replace("_", "-")}-slow`,
          metric: `${name}P99`,
          threshold,
          minutes: 10,
          description,
        },
      ];
    }),
    {
      ...above,
      name: "kv-cache-full",
      metric: "KvCacheUsage",
      threshold: Number((100 * thresholds.kvCacheUsage).toFixed(4)),
      minutes: 5,
      description: "The KV cache is nearly full: requests soon wait for memory or are preempted",
    },
    ...(rate === undefined
      ? []
      : [
          {
            ...above,
            name: "beyond-sustainable-rate",
            metric: "RequestRate",
            threshold: rate,
            minutes: 10,
            description: `More arrives than the ${rate} requests/s up to which the plan promises its latencies`,
          },
        ]),
  ];
}

/**
 * USD that CloudWatch asks for in us-east-1, from its public price page (as known in 2025): a metric, an alarm and a
 * dashboard in a month, a request, and a GB of logs taken in. What it gives away of each, account by account, is not counted.
 */
const PRICE = { metric: 0.3, alarm: 0.1, dashboard: 3, request: 0.01 / 1000, logGb: 0.5 } as const;

/**
 * Bytes of logs of a host that serves, in a minute: measured in the rehearsal under load, ten lines of 2,800 bytes with what
 * CloudWatch counts on top of each. Six of them are vLLM's statistics. A start says 50 kB once.
 */
const LOG_BYTES_PER_MINUTE = 2_800;

/** What CloudWatch costs, with one request a minute; other regions ask up to half more. */
export function cloudWatchPrice(plan: Plan): {
  readonly metrics: number;
  readonly alarms: number;
  /** Of all hosts in a month. */
  readonly logGb: number;
  readonly usdPerHour: number;
  /** Of 730 hours. */
  readonly usdPerMonth: number;
} {
  const metrics = cloudWatchMetrics("").length;
  const alarms = cloudWatchAlarms(plan).length;
  const minutes = 60 * HOURS_PER_MONTH;
  const logGb = isLogged(plan) ? (plan.deployment.hardware.nodes * minutes * LOG_BYTES_PER_MINUTE) / 1e9 : 0;
  const usdPerMonth =
    metrics * PRICE.metric +
    alarms * PRICE.alarm +
    PRICE.dashboard +
    minutes * PRICE.request +
    logGb * PRICE.logGb;
  return { metrics, alarms, logGb, usdPerHour: usdPerMonth / HOURS_PER_MONTH, usdPerMonth };
}

const HOURS_PER_MONTH = 730;

/** A line across a graph. */
interface Line {
  readonly label: string;
  readonly value: number;
}

/**
 * The dashboard's body: alarms, then each figure with what the plan says of it.
 * @param of Namespace of the metrics and their region; ARNs of the alarms.
 */
export function cloudWatchDashboard(
  plan: Plan,
  of: { readonly namespace: string; readonly region: string; readonly alarms: readonly string[] },
): object {
  const thresholds = monitoringThresholds(plan);
  const planned = plan.throughput.outputTokensPerSecondPerGpu;
  const lines = (entries: readonly (readonly [string, number | undefined])[]): Line[] =>
    entries.flatMap(([label, value]) =>
      value === undefined || !Number.isFinite(value) ? [] : [{ label, value }],
    );
  const graphs = [
    ...LATENCIES.map(({ of: which, metric, name }) => {
      const { targetMs, predictedMs } = thresholds[which];
      const title = `p99 of ${metric.replace("_", " ")}, ms`;
      return graph(
        title,
        [`${name}P99`],
        lines([
          ["target", targetMs],
          ["plan", predictedMs],
        ]),
      );
    }),
    graph("Output tokens/s and GPU", ["OutputTokensPerSecondPerGpu"], lines([["plan at its rate", planned]])),
    graph(
      "Requests/s",
      ["RequestRate"],
      lines([
        ["planned", plan.deployment.workload.requestRate],
        ["sustainable", thresholds.sustainableRequestRate],
      ]),
    ),
    graph("KV cache in use, %", ["KvCacheUsage"], lines([["alarm", 100 * thresholds.kvCacheUsage]])),
    graph("Requests that wait", ["RequestsWaiting"], []),
    graph("Servers that answer; alerts that fire", ["EngineUp", "CriticalAlerts", "WarningAlerts"], []),
  ];
  return {
    widgets: [
      { ...place(0, 24, 0, 3), type: "alarm", properties: { title: "Alarms", alarms: of.alarms } },
      ...graphs.map(({ title, metrics, annotations }, index) => ({
        ...place(12 * (index % 2), 12, 3 + 6 * Math.floor(index / 2), 6),
        type: "metric",
        properties: {
          title,
          region: of.region,
          view: "timeSeries",
          stat: metrics.includes("EngineUp") ? "Minimum" : "Maximum",
          period: 60,
          metrics: metrics.map((name) => [of.namespace, name]),
          yAxis: { left: { min: 0 } },
          annotations: { horizontal: annotations },
        },
      })),
    ],
  };
}

const graph = (title: string, metrics: readonly string[], annotations: readonly Line[]) => ({
  title,
  metrics,
  annotations,
});

/** CloudWatch's grid is 24 wide. */
const place = (x: number, width: number, y: number, height: number) => ({ x, y, width, height });
