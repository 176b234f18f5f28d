import { meanTokens } from "../../config";
import type { Plan } from "../../strategy";
import { restartPhases, totalSeconds } from "../start-time";

/** Where a plan says: alarm. Shares are 0..1. Alert rules and the report read them here and nowhere else. */
export interface Thresholds {
  /** Seconds for which a server may be away because it loads. */
  readonly loadSeconds: number;
  /** Share of the KV cache in use. */
  readonly kvCacheUsage: number;
  /** GPUs of all hosts, whether the plan uses them or not. */
  readonly gpus: number;
  /** Share of a GPU's memory in use: vLLM's own share, which it fills at start, and the headroom. */
  readonly gpuMemory: number;
  /** Bytes per second and direction; absent where the plan sends nothing over NVLink. */
  readonly nvlink?: { readonly ceilingBytesPerSecond: number; readonly share: number };
  readonly decode: LatencyThreshold;
  readonly firstToken: LatencyThreshold;
  readonly prefill: LatencyThreshold;
  /** Share of the output tokens that the present load asks for, below which waiting requests are a sign. */
  readonly throughputKept: number;
  /** Mean tokens of a request, outside of which traffic is not the plan's any more. */
  readonly promptTokens: Lengths;
  readonly outputTokens: Lengths;
  /** Requests per second over the fleet that still meet every target; absent where the plan sustains none. */
  readonly sustainableRequestRate?: number;
}

/** Milliseconds at the 99th percentile. */
export interface LatencyThreshold {
  readonly targetMs: number;
  /** The plan's figure and its band; absent where it predicts no latency. */
  readonly predictedMs?: number;
  readonly bandLowMs?: number;
  readonly bandHighMs?: number;
}

/** Tokens: what the plan was made for, and from where on it is another workload. */
export interface Lengths {
  readonly planned: number;
  readonly longest: number;
  readonly shortest: number;
}

/**
 * A mean length this many times the plan's is other traffic: the rate that a plan sustains falls about as its requests grow,
 * and the utilisation that plans keep to leaves room for less than that.
 */
const DRIFT = 1.25;

/** Shorter ones break no promise, but at half the length fewer or cheaper machines may do. */
const SHORT = 0.5;

/** A server that is away for less may only have been restarted. */
const SHORTEST_LOAD_SECONDS = 120;

/** The thresholds of a plan: from its config's `monitoring` and `slo`, and from its own figures. */
export function monitoringThresholds(plan: Plan): Thresholds {
  const { deployment, serving, gpu, strategy, throughput } = plan;
  const { monitoring } = deployment;
  const rate = throughput.sustainableRequestRate;
  return {
    loadSeconds: loadSeconds(plan),
    kvCacheUsage: monitoring.kvCacheUsageAlert,
    gpus: plan.instance.gpus * deployment.hardware.nodes,
    gpuMemory: gpuMemoryShare(serving.gpuMemoryUtilization, monitoring.memoryHeadroomAlert),
    // Replicas of one GPU each say nothing to each other; ranks, stages and experts do.
    ...(gpu.nvlinkBytesPerSecond === undefined ||
    strategy.tensorParallel * strategy.pipelineParallel * strategy.expertParallel === 1
      ? {}
      : {
          nvlink: {
            ceilingBytesPerSecond: gpu.nvlinkBytesPerSecond,
            share: monitoring.nvlinkUtilizationAlert,
          },
        }),
    promptTokens: lengths(meanTokens(deployment.workload.promptTokens)),
    outputTokens: lengths(meanTokens(deployment.workload.outputTokens)),
    decode: latencyThreshold(plan, "decode"),
    firstToken: latencyThreshold(plan, "firstToken"),
    prefill: latencyThreshold(plan, "prefill"),
    throughputKept: 1 - monitoring.throughputDropAlert,
    ...(Number.isFinite(rate) && rate > 0 ? { sustainableRequestRate: rate } : {}),
  };
}

/**
 * The headroom, but two thirds of what vLLM leaves at most: the driver keeps some of that (FB_RESERVED), which is never in use,
 * so an alert at all of it would never ring.
 */
function gpuMemoryShare(ofEngine: number, headroom: number): number {
  const share = ofEngine + Math.min(headroom, (2 / 3) * (1 - ofEngine));
  return Number(share.toFixed(4));
}

/** From published times, with a slow disk; the deployment itself gives up after `readyTimeoutMinutes`. */
function loadSeconds(plan: Plan): number {
  const expected = plan.gpu.kind === "cpu" ? 0 : totalSeconds(restartPhases(plan)).highSeconds;
  const limit = 60 * plan.deployment.serving.readyTimeoutMinutes;
  return Math.max(SHORTEST_LOAD_SECONDS, Math.min(expected, limit));
}

const lengths = (planned: number): Lengths => ({
  planned,
  longest: DRIFT * planned,
  shortest: SHORT * planned,
});

function latencyThreshold(
  { deployment, latency }: Plan,
  of: "decode" | "firstToken" | "prefill",
): LatencyThreshold {
  const { p99Ms, p99LowMs, p99HighMs } = latency[of];
  return {
    targetMs: deployment.slo[of].p99Ms,
    ...(Number.isFinite(p99HighMs) ? { predictedMs: p99Ms, bandLowMs: p99LowMs, bandHighMs: p99HighMs } : {}),
  };
}
