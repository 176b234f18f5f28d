import type { Plan } from "../../strategy";
import {
  arrivalRate,
  decodeReference,
  expectedTokensPerGpu,
  gpuMemoryShare,
  kvCacheUsage,
  LATENCIES,
  lastXid,
  meanTokensOfHour,
  nvlinkShare,
  outputTokensPerGpu,
  p99Seconds,
} from "./expressions";
import type { RecordingRule } from "./rule";
import type { Series } from "./series";
import { monitoringThresholds, type Thresholds } from "./thresholds";

/** What is recorded of a stack: what is measured, in the order in which one needs the other, then what the plan says of it. */
export function recordingRules(plan: Plan, series: Series): readonly RecordingRule[] {
  const thresholds = monitoringThresholds(plan);
  return [
    record("kv_cache_usage", kvCacheUsage(series)),
    // Nothing where nobody asks: a NaN would make one of every mean and slope over the hours that have it.
    ...LATENCIES.map(({ of, metric }) => record(`${metric}_p99_seconds`, `${p99Seconds(series, of)} >= 0`)),
    record("decode_p99_reference_seconds", decodeReference(series)),
    record("output_tokens_per_second_per_gpu", outputTokensPerGpu(series, plan)),
    record("request_rate", arrivalRate(series)),
    record("mean_prompt_tokens", meanTokensOfHour(series, "prompt")),
    record("mean_output_tokens", meanTokensOfHour(series, "generation")),
    record("requests_waiting", `sum(${series("vllm:num_requests_waiting")})`),
    record("requests_running", `sum(${series("vllm:num_requests_running")})`),
    ...(plan.gpu.kind === "cpu" ? [] : gpus(series, thresholds)),
    ...rates(plan, series, thresholds),
    ...promises(plan, thresholds),
    ...costs(plan, series),
  ];
}

const record = (name: string, expr: string): RecordingRule => ({ record: `shardplan:${name}`, expr });
const constant = (name: string, value: number) => record(name, `vector(${value})`);

const gpus = (series: Series, { nvlink }: Thresholds): readonly RecordingRule[] => [
  record("gpu_memory_share", gpuMemoryShare(series)),
  record("last_xid", lastXid(series)),
  ...(nvlink === undefined
    ? []
    : [record("nvlink_share", nvlinkShare(series, nvlink.ceilingBytesPerSecond))]),
];

/** What a scaler acts on. */
function rates(plan: Plan, series: Series, thresholds: Thresholds): readonly RecordingRule[] {
  const { sustainableRequestRate, outputTokens } = thresholds;
  if (sustainableRequestRate === undefined) return [];
  const of = { sustainableRequestRate, outputTokens: outputTokens.planned };
  return [
    constant("sustainable_request_rate", sustainableRequestRate),
    record("rate_used_share", `${series("shardplan:request_rate")} / ${sustainableRequestRate}`),
    record("expected_tokens_per_second_per_gpu", expectedTokensPerGpu(series, plan, of)),
  ];
}

/** The plan's own figures, so that a page can show them beside what is measured. */
function promises({ deployment, throughput }: Plan, thresholds: Thresholds): readonly RecordingRule[] {
  const planned = throughput.outputTokensPerSecondPerGpu;
  return [
    ...LATENCIES.flatMap(({ of, metric }) => {
      const { targetMs, predictedMs, bandLowMs, bandHighMs } = thresholds[of];
      const seconds = (name: string, ms: number | undefined) =>
        ms === undefined ? [] : [constant(`${metric}_${name}_seconds`, ms / 1000)];
      return [
        ...seconds("target", targetMs),
        ...seconds("predicted_p99", predictedMs),
        ...seconds("band_low", bandLowMs),
        ...seconds("band_high", bandHighMs),
      ];
    }),
    constant("planned_request_rate", deployment.workload.requestRate),
    ...(Number.isFinite(planned) ? [constant("planned_tokens_per_second_per_gpu", planned)] : []),
    constant("planned_prompt_tokens", thresholds.promptTokens.planned),
    constant("planned_output_tokens", thresholds.outputTokens.planned),
  ];
}

/** What an hour costs, and what the time has cost since the host that runs longest was started: a stopped one costs nothing. */
function costs({ cost: { usdPerHour } }: Plan, series: Series): readonly RecordingRule[] {
  if (usdPerHour === undefined) return [];
  const booted = series("node_boot_time_seconds");
  return [
    constant("cost_usd_per_hour", usdPerHour),
    record("cost_usd_since_boot", `${usdPerHour} * (time() - min(${booted})) / 3600`),
  ];
}
