import type { Plan } from "../../strategy";
import { burnRateAlerts } from "./burn-rate";
import { resolvedSeconds } from "./latency-buckets";
import { type AlertRule, alertRule } from "./rule";
import { monitoringThresholds, type Thresholds } from "./thresholds";

/** Every alert of a plan. Those on GPUs are left out where there is none, those on figures that the plan lacks too. */
export function alertRules(plan: Plan): readonly AlertRule[] {
  const thresholds = monitoringThresholds(plan);
  return [
    ...liveness(),
    ...exporters(plan),
    ...capacity(thresholds),
    ...drift(thresholds),
    ...(plan.gpu.kind === "cpu" ? [] : gpus(thresholds)),
    ...latencies(thresholds),
    decodeTrend(),
    ...burnRateAlerts(thresholds),
    disk(),
  ];
}

const liveness = (): readonly AlertRule[] => [
  alertRule({
    name: "ShardplanEngineDown",
    expr: 'up{job="vllm"} == 0 or absent(up{job="vllm"})',
    lasting: "2m",
    severity: "critical",
    summary: "vLLM on {{ $labels.instance }} does not answer",
    meaning: "its engine died, or it loads its weights",
    remedy: "journalctl -u shardplan-vllm says why it ended; the unit starts it again by itself",
  }),
  alertRule({
    name: "ShardplanEngineWedged",
    expr:
      "sum by (instance) (vllm:num_requests_running) > 0 and " +
      "sum by (instance) (rate(vllm:generation_tokens_total[2m])) == 0",
    lasting: "3m",
    severity: "critical",
    summary: "vLLM on {{ $labels.instance }} holds requests and gives no tokens",
    meaning: "the engine hangs; a health check may still say that it is well",
    remedy: "journalctl -u shardplan-watchdog: the watchdog restarts it; look for XID errors in dmesg",
  }),
  alertRule({
    name: "ShardplanRequestErrors",
    expr: 'sum(increase(vllm:request_success_total{finished_reason="error"}[10m])) > 0',
    lasting: "0m",
    severity: "warning",
    summary: "requests end with an error inside the engine",
    meaning: "the engine could not finish what it had begun",
    remedy: "journalctl -u shardplan-vllm",
  }),
];

/** An alert on metrics that do not come is silent, so their absence is one of its own. */
const exporters = ({ gpu }: Plan): readonly AlertRule[] => [
  alertRule({
    name: "ShardplanExporterDown",
    expr: 'up{job!="vllm"} == 0',
    lasting: "5m",
    severity: "warning",
    summary: "{{ $labels.job }} on {{ $labels.instance }} does not answer",
    meaning: "alerts that need its metrics are silent",
    remedy: "start the exporter again; when the whole host is away, see the other alerts",
  }),
  ...(gpu.kind === "cpu"
    ? []
    : [
        alertRule({
          name: "ShardplanGpuMetricsMissing",
          expr: "absent(DCGM_FI_DEV_FB_USED)",
          lasting: "10m",
          severity: "warning",
          summary: "no host sends metrics of its GPUs",
          meaning: "alerts on memory, NVLink and faults of the GPUs are silent",
          remedy: "run NVIDIA's dcgm-exporter on the hosts and have Prometheus scrape it",
        }),
      ]),
];

const drift = (thresholds: Thresholds): readonly AlertRule[] =>
  (
    [
      ["Prompts", "prompt", "promptTokens"],
      ["Outputs", "output", "outputTokens"],
    ] as const
  ).map(([name, metric, of]) =>
    alertRule({
      name: `Shardplan${name}Longer`,
      expr: `shardplan:mean_${metric}_tokens > ${thresholds[of]}`,
      lasting: "15m",
      severity: "warning",
      summary: `${metric}s of the last hour have more than ${thresholds[of]} tokens in the mean`,
      meaning: "traffic is not what the plan was made for, so its rates and latencies do not hold",
      remedy: `plan again with the lengths that are seen: workload.${of}`,
    }),
  );

/** A trend is against the hour before, and steep: slower than any that a plan's band is about. */
const decodeTrend = (): AlertRule =>
  alertRule({
    name: "ShardplanDecodeSlows",
    expr: "shardplan:decode_p99_seconds > 1.5 * avg_over_time(shardplan:decode_p99_seconds[1h] offset 1h)",
    lasting: "15m",
    severity: "warning",
    summary: "the p99 of decode is more than 1.5 times what it was in the hour before the last",
    meaning: "something changes: longer contexts, more at once, or a GPU that throttles",
    remedy: "compare vllm:num_requests_running, prompt lengths and GPU clocks with then",
  });

function capacity(thresholds: Thresholds): readonly AlertRule[] {
  const { kvCacheUsage, outputTokensPerSecondPerGpu: tokens, sustainableRequestRate: rate } = thresholds;
  return [
    alertRule({
      name: "ShardplanKvCacheFull",
      expr: `shardplan:kv_cache_usage > ${kvCacheUsage}`,
      lasting: "5m",
      severity: "warning",
      summary: `more than ${kvCacheUsage} of the KV cache is in use`,
      meaning: "requests soon wait for memory or are preempted",
      remedy: "compare traffic with the plan's workload; plan again with the real rate and lengths",
    }),
    alertRule({
      name: "ShardplanPreemptions",
      expr: "sum(increase(vllm:num_preemptions_total[10m])) > 0",
      lasting: "10m",
      severity: "warning",
      summary: "requests are preempted again and again",
      meaning: "the KV cache is too small for what runs at once; preempted prompts are read twice",
      remedy: "lower serving.maxNumSeqs, or plan again with the real lengths",
    }),
    ...(tokens === undefined
      ? []
      : [
          alertRule({
            name: "ShardplanThroughputLow",
            expr: `shardplan:output_tokens_per_second_per_gpu < ${tokens} and on () min_over_time(shardplan:requests_waiting[5m]) > 0`,
            lasting: "10m",
            severity: "warning",
            summary: `less than ${tokens} tokens/s per GPU while requests wait`,
            meaning: "the GPUs do less than the plan expects of them",
            remedy: "look for throttled clocks, XID errors and preemptions",
          }),
        ]),
    ...(rate === undefined
      ? []
      : [
          alertRule({
            name: "ShardplanBeyondSustainableRate",
            expr: `shardplan:request_rate > ${rate}`,
            lasting: "10m",
            severity: "warning",
            summary: `more than the ${rate} requests/s that the plan sustains`,
            meaning: "the plan promises its latencies up to this rate only",
            remedy: "add hosts, or shed load at the gateway",
          }),
        ]),
  ];
}

const gpus = ({ gpuMemory, nvlink }: Thresholds): readonly AlertRule[] => [
  alertRule({
    name: "ShardplanGpuMemoryBeyondShare",
    expr: `shardplan:gpu_memory_share > ${gpuMemory}`,
    lasting: "5m",
    severity: "warning",
    summary: `more than ${gpuMemory} of a GPU's memory is in use`,
    meaning: "vLLM fills its own share at start; more is a leak or a foreign process",
    remedy: "nvidia-smi names the processes; end the foreign one, or restart vLLM",
  }),
  alertRule({
    name: "ShardplanXid",
    expr: "DCGM_FI_DEV_XID_ERRORS > 0",
    lasting: "0m",
    severity: "critical",
    summary: "GPU {{ $labels.gpu }} of {{ $labels.instance }} reported XID {{ $value }}",
    meaning: "the driver saw a fault; the metric keeps the last one until the exporter restarts",
    remedy: "dmesg has the text; replace the node on a fault of the hardware",
  }),
  ...(nvlink === undefined
    ? []
    : [
        alertRule({
          name: "ShardplanNvlinkSaturated",
          expr: `shardplan:nvlink_share > ${nvlink.share}`,
          lasting: "10m",
          severity: "warning",
          summary: `more than ${nvlink.share} of NVLink's bandwidth in one direction is in use`,
          meaning: "all-reduces wait for the links",
          remedy: "check that all links are up (nvidia-smi nvlink -s); lower serving.maxNumBatchedTokens",
        }),
        alertRule({
          name: "ShardplanNvlinkErrors",
          expr: "increase(DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL[15m]) > 0",
          lasting: "0m",
          severity: "critical",
          summary: "a link of GPU {{ $labels.gpu }} of {{ $labels.instance }} went down and came back",
          meaning: "a link is failing; the engine hangs when it stays down",
          remedy: "nvidia-smi nvlink -e; replace the node when it goes on",
        }),
      ]),
];

const latencies = (thresholds: Thresholds): readonly AlertRule[] =>
  (
    [
      ["Decode", "decode", "decode"],
      ["FirstToken", "first_token", "firstToken"],
      ["Prefill", "prefill", "prefill"],
    ] as const
  ).flatMap(([name, metric, of]) => {
    const { targetMs, bandHighMs } = thresholds[of];
    const above = (ms: number) => `shardplan:${metric}_p99_seconds > ${promNumber(resolvedSeconds(of, ms))}`;
    return [
      alertRule({
        name: `Shardplan${name}P99AboveTarget`,
        expr: above(targetMs),
        lasting: "10m",
        severity: "warning",
        summary: `p99 of ${metric.replace("_", " ")} above its target of ${targetMs} ms`,
        meaning: "one in a hundred is slower than promised",
        remedy: "compare rate and lengths with the plan's workload; plan again with what is seen",
      }),
      ...(bandHighMs === undefined
        ? []
        : [
            alertRule({
              name: `Shardplan${name}P99BeyondBand`,
              expr: above(bandHighMs),
              lasting: "30m",
              severity: "warning",
              summary: `p99 of ${metric.replace("_", " ")} above the plan's band, which ends at ${bandHighMs} ms`,
              meaning: "the plan no longer describes the service, whether the target holds or not",
              remedy: "plan again with the real workload; look for throttled clocks",
            }),
          ]),
    ];
  });

const promNumber = (value: number) => (Number.isFinite(value) ? `${value}` : "+Inf");

const disk = (): AlertRule =>
  alertRule({
    name: "ShardplanDiskFills",
    expr:
      'predict_linear(node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs"}[1h], 4 * 3600) < 0 or ' +
      'node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs"} == 0',
    lasting: "10m",
    severity: "warning",
    summary: "{{ $labels.mountpoint }} of {{ $labels.instance }} is full, or will be within four hours",
    meaning: "logs, metrics and the next release need room",
    remedy: "df -h, then journalctl --vacuum-size; remove releases that no server names",
  });
