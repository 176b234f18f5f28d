import {
  gpuMemoryShare,
  kvCacheUsage,
  monitoringThresholds,
  nvlinkShare,
  outputTokensPerGpu,
  p99Seconds,
  seriesOf,
} from "../serving";
import type { Plan } from "../strategy";
import { bytesPerSecond, milliseconds, percent, significant } from "./format-number";

/** A report speaks of one plan: its reader knows which stack is meant, and the deployed rules say it. */
const ALL = seriesOf();

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

const memoryPressure = (plan: Plan): MonitoringPoint => ({
  watch: "Memory: KV cache in use",
  expression: kvCacheUsage(ALL),
  alarm: `above ${percent(monitoringThresholds(plan).kvCacheUsage)}`,
  meaning: "requests soon wait for memory or are preempted",
});

function memoryBeyondShare(plan: Plan): MonitoringPoint {
  const share = percent(plan.serving.gpuMemoryUtilization);
  return {
    watch: "Memory: of the GPU in use",
    expression: gpuMemoryShare(ALL),
    alarm: `above ${percent(monitoringThresholds(plan).gpuMemory)}`,
    meaning: `vLLM's ${share} is normal; more is a leak or a foreign process`,
  };
}

function nvlink(plan: Plan): readonly MonitoringPoint[] {
  const { nvlink } = monitoringThresholds(plan);
  if (nvlink === undefined) return [];
  return [
    {
      watch: "NVLink saturation",
      expression: nvlinkShare(ALL, nvlink.ceilingBytesPerSecond),
      alarm: `above ${percent(nvlink.share)} of ${bytesPerSecond(nvlink.ceilingBytesPerSecond)}`,
      meaning: `expected ${percent(plan.communication.nvlinkUtilization)}; the fields need a custom counter file and one calibration`,
    },
  ];
}

function latency(plan: Plan): readonly MonitoringPoint[] {
  const { decode, firstToken } = plan.latency;
  const thresholds = monitoringThresholds(plan);
  // A plan that cannot run or is overloaded predicts none.
  const expected = (ms: number, more = "") =>
    Number.isFinite(ms) ? `expected ${milliseconds(ms)}${more}` : "no expectation: the plan has no latency";
  return [
    {
      watch: "Latency: decode p99",
      expression: p99Seconds(ALL, "decode"),
      alarm: `above ${milliseconds(thresholds.decode.targetMs)}`,
      meaning: expected(
        decode.p99Ms,
        `; above ${milliseconds(decode.p99HighMs)} the plan no longer describes the service`,
      ),
    },
    {
      watch: "Latency: first token p99",
      expression: p99Seconds(ALL, "firstToken"),
      alarm: `above ${milliseconds(thresholds.firstToken.targetMs)}`,
      meaning: expected(firstToken.p99Ms),
    },
  ];
}

function efficiency(plan: Plan): MonitoringPoint {
  const expected = plan.throughput.outputTokensPerSecondPerGpu;
  const kept = monitoringThresholds(plan).throughputKept;
  return {
    watch: "Batch efficiency: tokens/s per GPU",
    expression: outputTokensPerGpu(ALL, plan),
    alarm: `below ${percent(kept)} of what the present load asks for, while requests wait`,
    meaning: `expected ${significant(expected)} in the planned workload; less with an empty queue is only less traffic`,
  };
}
