import type { Thresholds } from "../../../../lib/serving";

/** Series by their name with labels, as promtool counts them up, one sample a minute. */
export type Samples = Readonly<Record<string, string>>;

/** What goes wrong, and the alerts that say so: these and no others. */
export interface Case {
  readonly change: Samples;
  readonly alerts: readonly string[];
}

// A window that is longer than the samples is judged by what there is of it.
export const MINUTES = 60;
/** Minutes between evaluations. */
export const EVERY_MINUTES = 5;
/** A counter that grows by `perMinute`. */
const grows = (perMinute: number) => `0+${perMinute}x${MINUTES}`;
const stays = (value: number) => `${value}x${MINUTES}`;

const BUCKETS = {
  "vllm:inter_token_latency_seconds": ["0.01", "0.025", "0.05", "0.075", "0.1", "0.15", "0.2", "80.0"],
  "vllm:time_to_first_token_seconds": ["0.001", "0.25", "0.5", "0.75", "1.0", "2.5", "5.0", "2560.0"],
  "vllm:request_prefill_time_seconds": ["0.3", "0.5", "0.8", "1.0", "1.5", "2.0", "2.5", "7680.0"],
} as const;

/** A metric of one target. */
const series = (metric: string, ...labels: readonly string[]) =>
  `${metric}{${['stack="here"', 'instance="a"', ...labels].join(",")}}`;
const vllm = (metric: string, ...labels: readonly string[]) => series(metric, 'job="vllm"', ...labels);
const gpuOf =
  (index: number) =>
  (metric: string, ...labels: readonly string[]) =>
    series(metric, 'job="dcgm"', `gpu="${index}"`, ...labels);
const gpu = gpuOf(0);
const health = (error: string) =>
  gpu("DCGM_EXP_GPU_HEALTH_STATUS", 'health_watch="NVLINK"', `health_error_code="DCGM_FR_${error}"`);
const up = (job: string) => series("up", `job="${job}"`);
const told = (what: string) =>
  series(`alertmanager_notification_requests_${what}`, 'job="alertmanager"', 'integration="webhook"');
const DISK = series("node_filesystem_avail_bytes", 'mountpoint="/"', 'fstype="ext4"');
/** An image that a container or a snap has mounted. */
const IMAGE = series("node_filesystem_avail_bytes", 'mountpoint="/image"', 'fstype="erofs"');
const READ_ONLY = series("node_filesystem_readonly", 'mountpoint="/image"', 'fstype="erofs"');
const CERTIFICATE = series("shardplan_certificate_end_seconds");
const ended = (reason: string) => vllm("vllm:request_success_total", `finished_reason="${reason}"`);

/** A histogram whose observations lie in its buckets by `count`, a minute. */
const histogram = (name: keyof typeof BUCKETS, count: (bound: string) => string): Samples =>
  Object.fromEntries([
    ...BUCKETS[name].map((bound) => [vllm(`${name}_bucket`, `le="${bound}"`), count(bound)]),
    [vllm(`${name}_bucket`, 'le="+Inf"'), grows(600)],
    [vllm(`${name}_count`), grows(600)],
  ]);

const fast = (name: keyof typeof BUCKETS) => histogram(name, () => grows(600));
const slow = (name: keyof typeof BUCKETS) =>
  histogram(name, (bound) => grows(bound === BUCKETS[name].at(-1) ? 600 : 0));

/** So many requests within the last minutes of an hour in which else nobody came, each of them slower than every target. */
const seldom = (count: number): Samples => {
  const name = "vllm:time_to_first_token_seconds";
  const late = `0x${MINUTES - 4} ${count}x4`;
  return {
    ...Object.fromEntries(BUCKETS[name].map((bound) => [vllm(`${name}_bucket`, `le="${bound}"`), stays(0)])),
    [vllm(`${name}_bucket`, 'le="2560.0"')]: late,
    [vllm(`${name}_bucket`, 'le="+Inf"')]: late,
    [vllm(`${name}_count`)]: late,
  };
};

/** Requests that end, `rate` a second, and their tokens. */
const traffic = (of: { rate: number; promptTokens: number; outputTokens: number }): Samples => ({
  [ended("stop")]: grows(60 * of.rate),
  [vllm("vllm:prompt_tokens_total")]: grows(60 * of.rate * of.promptTokens),
  [vllm("vllm:generation_tokens_total")]: grows(60 * of.rate * of.outputTokens),
});

const memoryOf = (index: number): Samples => ({
  [gpuOf(index)("DCGM_FI_DEV_FB_USED")]: stays(80),
  [gpuOf(index)("DCGM_FI_DEV_FB_FREE")]: stays(20),
  [gpuOf(index)("DCGM_FI_DEV_FB_RESERVED")]: stays(0),
});

/** A service that keeps its promise, on all GPUs of a plan. */
export const healthy = ({ gpus }: Pick<Thresholds, "gpus">): Samples => ({
  ...HEALTHY,
  ...Object.assign({}, ...Array.from({ length: gpus }, (_, index) => memoryOf(index))),
});

/** The same on one GPU. */
const HEALTHY: Samples = {
  ...Object.fromEntries(
    ["vllm", "gateway", "node", "ray", "dcgm", "alertmanager"].map((job) => [up(job), stays(1)]),
  ),
  [told("total")]: grows(1),
  [told("failed_total")]: stays(0),
  [vllm("vllm:kv_cache_usage_perc")]: stays(0.4),
  [vllm("vllm:num_requests_running")]: stays(5),
  [vllm("vllm:num_requests_waiting")]: stays(0),
  [vllm("vllm:num_preemptions_total")]: stays(0),
  ...traffic({ rate: 0.001, promptTokens: 1000, outputTokens: 1000 }),
  [ended("error")]: stays(0),
  ...fast("vllm:inter_token_latency_seconds"),
  ...fast("vllm:time_to_first_token_seconds"),
  ...fast("vllm:request_prefill_time_seconds"),
  ...memoryOf(0),
  [gpu("DCGM_FI_DEV_XID_ERRORS", 'err_code="0"')]: stays(0),
  [gpu("DCGM_FI_PROF_NVLINK_TX_BYTES")]: stays(1e9),
  [gpu("DCGM_FI_PROF_NVLINK_RX_BYTES")]: stays(1e9),
  [gpu("DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL")]: stays(0),
  [health("OK")]: stays(0),
  [DISK]: stays(1e12),
  [IMAGE]: stays(0),
  [READ_ONLY]: stays(1),
  [CERTIFICATE]: stays(90 * 86_400),
};

/** Every series of `of` as another stack or a stranger has it. */
const elsewhere = (of: Samples, stack: string): Samples =>
  Object.fromEntries(
    Object.entries(of).map(([name, values]) => [name.replace('stack="here"', `stack="${stack}"`), values]),
  );

/** All that can go wrong at once, somewhere else. */
const FOREIGN: Samples = {
  ...elsewhere({ ...HEALTHY, ...slow("vllm:inter_token_latency_seconds") }, "there"),
  'up{job="postgres",instance="b"}': stays(0),
  'up{job="vllm",instance="b"}': stays(0),
  'node_filesystem_avail_bytes{instance="b",mountpoint="/",fstype="ext4"}': stays(0),
  'DCGM_EXP_XID_ERRORS_COUNT{instance="b",gpu="0",xid="79"}': stays(1),
  'DCGM_FI_DEV_XID_ERRORS{instance="b",gpu="0"}': `0x40 79x${MINUTES}`,
  'vllm:kv_cache_usage_perc{stack="there",instance="b"}': stays(1),
};

/** A fault that the driver reports some minutes before the end as the last of this GPU. */
const fault = (xid: number, minutesBefore: number): Samples => {
  const at = MINUTES - minutesBefore;
  return {
    [gpu("DCGM_FI_DEV_XID_ERRORS", 'err_code="0"')]: `0x${at - 1} stale`,
    [gpu("DCGM_FI_DEV_XID_ERRORS", `err_code="${xid}"`)]: `_x${at} ${xid}x${minutesBefore}`,
  };
};

/** The exporter's own count of one fault. */
const counted = (xid: number): Samples => ({
  [gpu("DCGM_EXP_XID_ERRORS_COUNT", 'window_size_in_ms="300000"', `xid="${xid}"`)]: stays(1),
});

export function cases({
  sustainableRequestRate = 1,
  promptTokens,
  outputTokens,
  gpus,
}: Thresholds): readonly Case[] {
  const of = (change: Samples, ...alerts: readonly string[]) => ({ change, alerts });
  const late = (name: string) => [
    `Shardplan${name}P99AboveTarget`,
    `Shardplan${name}P99BeyondBand`,
    ...["1h", "6h", "12h"].map((long) => `Shardplan${name}BudgetBurns${long}`),
  ];
  const planned = { promptTokens: promptTokens.planned, outputTokens: outputTokens.planned };
  const calm = traffic({ rate: 0.9 * sustainableRequestRate, ...planned });
  return [
    of({}),
    of(FOREIGN),
    of({ [up("vllm")]: stays(0) }, "ShardplanEngineDown"),
    of({ [up("vllm")]: "_" }, "ShardplanEngineDown"),
    // A load of a minute and a half, twice within the hour.
    of({ [up("vllm")]: `1x25 0x1 1x20 0x1 1x${MINUTES - 50}` }),
    of(
      { [vllm("vllm:generation_tokens_total")]: `0+60x20 0+60x10 0+60x10 0+60x${MINUTES - 43}` },
      "ShardplanEngineRestarts",
    ),
    // One start of a server of four engines, which it has with --data-parallel-size.
    of(
      Object.fromEntries(
        [0, 1, 2, 3].map((engine) => [
          vllm("vllm:generation_tokens_total", `engine="${engine}"`),
          `0+60x20 0+60x${MINUTES - 21}`,
        ]),
      ),
    ),
    // It dies of its first request, again and again, before it counts a token.
    of(
      {
        [vllm("vllm:generation_tokens_total")]: stays(0),
        [vllm("vllm:num_requests_running")]: stays(0),
        [vllm("process_start_time_seconds")]: "100x20 700x10 1300x10 1900x20",
      },
      "ShardplanEngineRestarts",
    ),
    of({ [vllm("vllm:generation_tokens_total")]: stays(60) }, "ShardplanEngineWedged"),
    of({ [ended("error")]: grows(0.001) }, "ShardplanRequestErrors"),
    // A counter that comes with its first error.
    of({ [ended("error")]: `_x${MINUTES - 8} 1x8` }, "ShardplanRequestErrors"),
    of({ [ended("error")]: stays(7) }),
    // Of long ago, and not read for some minutes.
    of({ [ended("error")]: `7x${MINUTES - 13} stale _x4 7x8` }),
    of({ [up("gateway")]: stays(0) }, "ShardplanGatewayDown"),
    of({ [up("node")]: stays(0) }, "ShardplanExporterDown"),
    of({ [up("alertmanager")]: stays(0) }, "ShardplanNobodyTold"),
    of({ [told("failed_total")]: grows(1) }, "ShardplanNobodyTold"),
    // A receiver that was away for a moment has heard since.
    of({ [told("failed_total")]: `0+0.4x${MINUTES}` }),
    // Nothing is to be told.
    of({ [told("total")]: stays(7), [told("failed_total")]: stays(7) }),
    of({ [vllm("vllm:kv_cache_usage_perc")]: stays(0.99) }, "ShardplanKvCacheFull"),
    of({ [vllm("vllm:num_preemptions_total")]: grows(1) }, "ShardplanPreemptions"),
    of(calm),
    of({ ...calm, [vllm("vllm:num_requests_waiting")]: stays(3) }),
    // A third of what arrives gets its tokens, and the rest waits.
    of(
      {
        ...traffic({ rate: 0.3 * sustainableRequestRate, ...planned }),
        [vllm("vllm:num_requests_waiting")]: `1+${60 * 0.6 * sustainableRequestRate}x${MINUTES}`,
      },
      "ShardplanThroughputLow",
    ),
    // What ends levels off below the rate; the rest waits.
    of(
      {
        ...calm,
        [vllm("vllm:num_requests_waiting")]: grows(60 * 0.2 * sustainableRequestRate),
      },
      "ShardplanBeyondSustainableRate",
    ),
    of(traffic({ rate: 1.1 * sustainableRequestRate, ...planned }), "ShardplanBeyondSustainableRate"),
    ...(
      [
        ["Prompts", "promptTokens"],
        ["Outputs", "outputTokens"],
      ] as const
    ).flatMap(([name, key]) =>
      (
        [
          ["Longer", 1.4],
          ["Shorter", 0.4],
        ] as const
      ).map(([way, factor]) =>
        of(
          traffic({
            rate: 0.9 * sustainableRequestRate,
            ...planned,
            [key]: factor * planned[key],
          }),
          `Shardplan${name}${way}`,
        ),
      ),
    ),
    // One of all, and all.
    of({ [gpu("DCGM_FI_DEV_FB_USED")]: "_" }, "ShardplanGpuMetricsMissing"),
    of(
      Object.fromEntries(
        Array.from({ length: gpus }, (_, index) => [gpuOf(index)("DCGM_FI_DEV_FB_USED"), "_"]),
      ),
      "ShardplanGpuMetricsMissing",
    ),
    of({ [gpu("DCGM_FI_PROF_NVLINK_TX_BYTES")]: "_" }, "ShardplanNvlinkMetricsMissing"),
    of({ [gpu("DCGM_FI_DEV_FB_USED")]: stays(8000) }, "ShardplanGpuMemoryBeyondShare"),
    of(
      { [gpu("DCGM_FI_DEV_FB_USED")]: stays(8000), [gpu("DCGM_FI_DEV_FB_RESERVED")]: "_" },
      "ShardplanGpuMemoryBeyondShare",
    ),
    of(counted(79), "ShardplanXid"),
    of(counted(31), "ShardplanXidOfProgram"),
    of(counted(0)),
    of(fault(79, 7), "ShardplanXid"),
    of(fault(13, 7), "ShardplanXidOfProgram"),
    of(fault(79, 40)),
    // An exporter that counts is believed when it says that it is over.
    of({ ...fault(79, 7), ...counted(0) }),
    of({ [gpu("DCGM_FI_PROF_NVLINK_RX_BYTES")]: stays(8.9e11) }, "ShardplanNvlinkSaturated"),
    of({ [gpu("DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL")]: grows(1) }, "ShardplanNvlinkErrors"),
    of({ [health("OK")]: "_", [health("NVLINK_DOWN")]: stays(20) }, "ShardplanNvlinkDown"),
    // While links train.
    of({ [health("OK")]: "_", [health("NVLINK_DOWN")]: `20x1 _x${MINUTES - 2}` }),
    of({ [health("OK")]: "_", [health("NVLINK_ERROR_THRESHOLD")]: stays(10) }),
    of(slow("vllm:inter_token_latency_seconds"), ...late("Decode")),
    of(slow("vllm:time_to_first_token_seconds"), ...late("FirstToken")),
    of(slow("vllm:request_prefill_time_seconds"), ...late("Prefill")),
    // Three requests in an hour, and all of them slow.
    of(seldom(3)),
    of({ [DISK]: `1e12-11e9x${MINUTES}` }, "ShardplanDiskFills"),
    // A test's time begins at 0.
    of({ [CERTIFICATE]: stays(13 * 86_400) }, "ShardplanCertificateEnds"),
  ];
}

/** What a case touches: alerts look at the metrics of one of these together. */
const subjects = ({ change }: Case): readonly string[] =>
  Object.keys(change).map((series) => {
    if (series.includes('finished_reason="error"')) return "errors";
    if (series.includes("XID")) return "faults";
    // Of the GPUs' metrics that are missing the first is told.
    if (/_FB_|NVLINK_TX/.test(series)) return "memory";
    // How many requests there are is told by one of them.
    if (/inter_token|first_token|prefill/.test(series)) return "latencies";
    if (/vllm:(request_success|prompt_tokens|generation_tokens|num_requests)/.test(series)) return "traffic";
    return series.startsWith("up{") ? series : (series.split("{")[0] ?? "");
  });

/** The same faults in fewer cases: each has several that have nothing to do with each other. */
export function together(all: readonly Case[]): readonly Case[] {
  const merged: Case[] = [];
  for (const one of all) {
    const own = subjects(one);
    const at = merged.findIndex((other) => !subjects(other).some((subject) => own.includes(subject)));
    const { change, alerts } = merged[at] ?? { change: {}, alerts: [] };
    const both = { change: { ...change, ...one.change }, alerts: [...alerts, ...one.alerts] };
    merged.splice(at < 0 ? merged.length : at, 1, both);
  }
  return merged;
}

/** Minutes between the samples of a day and more. */
export const DAY_STEP_MINUTES = 4;
export const DAY_STEPS = (26 * 60) / DAY_STEP_MINUTES;

/** A day and more of what is recorded of decode, in seconds, about the bound that its target is told by. */
export function daysOfDecode(boundSeconds: number): readonly Case[] {
  const of = (values: string, ...alerts: readonly string[]) => ({
    change: { 'shardplan:decode_p99_seconds{stack="here"}': values },
    alerts,
  });
  const high = 0.7 * boundSeconds;
  const hours = (count: number) => (count * 60) / DAY_STEP_MINUTES;
  return [
    of(`${high}x${DAY_STEPS}`),
    // Less by night, and at the same hours of both days the same.
    of(`${high}x${hours(2)} ${high / 2}x${hours(20)} ${high}x${hours(4)}`),
    of(`${high / 2}x${hours(25.4)} ${high}x${hours(0.6)}`, "ShardplanDecodeSlows"),
    // Nobody knows the day before.
    of(`_x${hours(23)} ${high / 2}x${hours(2.4)} ${high}x${hours(0.6)}`, "ShardplanDecodeSlows"),
    // A third more than the day before, and on its way to the target.
    of(`${high}x${hours(18)} ${high}+${(0.35 * high) / hours(8)}x${hours(8)}`, "ShardplanDecodeCreeps"),
  ];
}
