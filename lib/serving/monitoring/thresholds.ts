import { meanTokens } from "../../config";
import type { Plan } from "../../strategy";

/** Where a plan says: alarm. Shares are 0..1. Alert rules and the report read them here and nowhere else. */
export interface Thresholds {
  /** Share of the KV cache in use. */
  readonly kvCacheUsage: number;
  /** Share of a GPU's memory in use: vLLM's own share, which it fills at start, and the headroom. */
  readonly gpuMemory: number;
  /** Bytes per second and direction; absent where the plan sends nothing over NVLink. */
  readonly nvlink?: { readonly ceilingBytesPerSecond: number; readonly share: number };
  readonly decode: LatencyThreshold;
  readonly firstToken: LatencyThreshold;
  readonly prefill: LatencyThreshold;
  /** Output tokens per second and GPU below which waiting requests are a sign; absent without an expectation. */
  readonly outputTokensPerSecondPerGpu?: number;
  /** Mean tokens of a request beyond which traffic is not the plan's any more. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Requests per second over the fleet that still meet every target; absent where the plan sustains none. */
  readonly sustainableRequestRate?: number;
}

/** Milliseconds at the 99th percentile. */
export interface LatencyThreshold {
  readonly targetMs: number;
  /** Upper end of the plan's band; absent where the plan predicts no latency. */
  readonly bandHighMs?: number;
}

/**
 * A mean length this many times the plan's is other traffic: the rate that a plan sustains falls about as its requests grow,
 * and the utilisation that plans keep to leaves room for less than that.
 */
const DRIFT = 1.25;

/** The thresholds of a plan: from its config's `monitoring` and `slo`, and from its own figures. */
export function monitoringThresholds(plan: Plan): Thresholds {
  const { deployment, serving, gpu, strategy, throughput } = plan;
  const { monitoring } = deployment;
  const kept = (1 - monitoring.throughputDropAlert) * throughput.outputTokensPerSecondPerGpu;
  const rate = throughput.sustainableRequestRate;
  return {
    kvCacheUsage: monitoring.kvCacheUsageAlert,
    gpuMemory: Math.min(1, serving.gpuMemoryUtilization + monitoring.memoryHeadroomAlert),
    ...(gpu.nvlinkBytesPerSecond === undefined || strategy.tensorParallel === 1
      ? {}
      : {
          nvlink: {
            ceilingBytesPerSecond: gpu.nvlinkBytesPerSecond,
            share: monitoring.nvlinkUtilizationAlert,
          },
        }),
    promptTokens: DRIFT * meanTokens(deployment.workload.promptTokens),
    outputTokens: DRIFT * meanTokens(deployment.workload.outputTokens),
    decode: latencyThreshold(plan, "decode"),
    firstToken: latencyThreshold(plan, "firstToken"),
    prefill: latencyThreshold(plan, "prefill"),
    ...(Number.isFinite(kept) && kept > 0 ? { outputTokensPerSecondPerGpu: kept } : {}),
    ...(Number.isFinite(rate) && rate > 0 ? { sustainableRequestRate: rate } : {}),
  };
}

function latencyThreshold(
  { deployment, latency }: Plan,
  of: "decode" | "firstToken" | "prefill",
): LatencyThreshold {
  const { p99HighMs } = latency[of];
  return {
    targetMs: deployment.slo[of].p99Ms,
    ...(Number.isFinite(p99HighMs) ? { bandHighMs: p99HighMs } : {}),
  };
}
