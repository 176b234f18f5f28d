import type { Plan } from "../strategy";
import { bytesPerSecond, milliseconds, percent, significant } from "./format-number";

/** One thing to watch: what it tells, the expression over metrics, and when the plan says: alarm. */
export interface MonitoringPoint {
  readonly watch: string;
  /** PromQL over the metrics of vLLM and the DCGM exporter. */
  readonly expression: string;
  readonly alarm: string;
  readonly meaning: string;
}

/**
 * The four points of a deployment: memory, NVLink, latency, batch efficiency. Thresholds come from the config's
 * `monitoring` section and from the plan's own figures.
 * vLLM takes its whole share of memory at start, so "memory above 70 %" would always fire: memory pressure is the
 * KV cache's use, and a leak is memory beyond that share.
 */
export function monitoringPoints(plan: Plan): readonly MonitoringPoint[] {
  const points = [
    memoryPressure(plan),
    memoryBeyondShare(plan),
    ...nvlink(plan),
    ...latency(plan),
    efficiency(plan),
  ];
  return plan.gpu.kind === "cpu" ? points.filter(({ expression }) => !expression.includes("DCGM")) : points;
}

const memoryPressure = ({ deployment }: Plan): MonitoringPoint => ({
  watch: "Memory: KV cache in use",
  expression: "max(vllm:kv_cache_usage_perc)",
  alarm: `above ${percent(deployment.monitoring.kvCacheUsageAlert)}`,
  meaning: "requests soon wait for memory or are preempted",
});

function memoryBeyondShare({ deployment, serving }: Plan): MonitoringPoint {
  const ceiling = Math.min(1, serving.gpuMemoryUtilization + deployment.monitoring.memoryHeadroomAlert);
  return {
    watch: "Memory: of the GPU in use",
    expression:
      "max(DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE + DCGM_FI_DEV_FB_RESERVED))",
    alarm: `above ${percent(ceiling)}`,
    meaning: `vLLM's ${percent(serving.gpuMemoryUtilization)} is normal; more is a leak or a foreign process`,
  };
}

function nvlink({ gpu, strategy, deployment, communication }: Plan): readonly MonitoringPoint[] {
  if (gpu.nvlinkBytesPerSecond === undefined || strategy.tensorParallel === 1) return [];
  return [
    {
      watch: "NVLink saturation",
      expression: `max(DCGM_FI_PROF_NVLINK_TX_BYTES or DCGM_FI_PROF_NVLINK_RX_BYTES) / ${gpu.nvlinkBytesPerSecond}`,
      alarm: `above ${percent(deployment.monitoring.nvlinkUtilizationAlert)} of ${bytesPerSecond(gpu.nvlinkBytesPerSecond)}`,
      meaning: `expected ${percent(communication.nvlinkUtilization)}; the fields need a custom counter file and one calibration`,
    },
  ];
}

const P99 = (metric: string) => `histogram_quantile(0.99, sum by (le) (rate(vllm:${metric}_bucket[5m])))`;

function latency({ deployment, latency: predicted }: Plan): readonly MonitoringPoint[] {
  const { decode, firstToken } = predicted;
  // A plan that cannot run or is overloaded predicts none.
  const expected = (ms: number, more = "") =>
    Number.isFinite(ms) ? `expected ${milliseconds(ms)}${more}` : "no expectation: the plan has no latency";
  return [
    {
      watch: "Latency: decode p99",
      expression: P99("inter_token_latency_seconds"),
      alarm: `above ${milliseconds(deployment.slo.decode.p99Ms)}`,
      meaning: expected(
        decode.p99Ms,
        `; above ${milliseconds(decode.p99HighMs)} the plan no longer describes the service`,
      ),
    },
    {
      watch: "Latency: first token p99",
      expression: P99("time_to_first_token_seconds"),
      alarm: `above ${milliseconds(deployment.slo.firstToken.p99Ms)}`,
      meaning: expected(firstToken.p99Ms),
    },
  ];
}

function efficiency({ deployment, throughput, strategy }: Plan): MonitoringPoint {
  const kept = 1 - deployment.monitoring.throughputDropAlert;
  return {
    watch: "Batch efficiency: tokens/s per GPU",
    expression: `sum(rate(vllm:generation_tokens_total[5m])) / ${strategy.gpus}`,
    alarm: `below ${significant(kept * throughput.outputTokensPerSecondPerGpu)} while requests wait`,
    meaning: `expected ${significant(throughput.outputTokensPerSecondPerGpu)} in the planned workload; less with an empty queue is only less traffic`,
  };
}
