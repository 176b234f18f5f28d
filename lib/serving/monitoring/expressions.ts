import type { Plan } from "../../strategy";

/** Histograms of vLLM that the three latencies of a plan are measured by, in seconds. */
export const LATENCY_HISTOGRAMS = {
  decode: "vllm:inter_token_latency_seconds",
  firstToken: "vllm:time_to_first_token_seconds",
  prefill: "vllm:request_prefill_time_seconds",
} as const;

export type MeasuredLatency = keyof typeof LATENCY_HISTOGRAMS;

/** PromQL of a latency's 99th percentile over five minutes, in seconds. */
export const p99Seconds = (of: MeasuredLatency): string =>
  `histogram_quantile(0.99, sum by (le) (rate(${LATENCY_HISTOGRAMS[of]}_bucket[5m])))`;

/** Share of the fullest KV cache in use, 0..1. */
export const KV_CACHE_USAGE = "max(vllm:kv_cache_usage_perc)";

/** Share of the fullest GPU's memory in use, 0..1. */
export const GPU_MEMORY_SHARE =
  "max(DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE + DCGM_FI_DEV_FB_RESERVED))";

/**
 * Share of one direction of NVLink in use on the busiest GPU, 0..1. The two fields are bytes per second, by the name:
 * `or` would leave out the second, as both have the same labels.
 */
export const nvlinkShare = (ceilingBytesPerSecond: number): string =>
  `max({__name__=~"DCGM_FI_PROF_NVLINK_(TX|RX)_BYTES"}) / ${ceilingBytesPerSecond}`;

/** Output tokens per second and GPU. */
export const outputTokensPerGpu = ({ strategy }: Plan): string =>
  `sum(rate(vllm:generation_tokens_total[5m])) / ${strategy.gpus}`;

/**
 * Requests per second that arrive: those that ended, and those by which the queue and the running ones grow. Endings alone
 * level off at what the servers can do, just when more than that arrives.
 */
export const ARRIVAL_RATE =
  "clamp_min(sum(rate(vllm:request_success_total[5m])) + " +
  "sum(deriv(vllm:num_requests_waiting[5m])) + sum(deriv(vllm:num_requests_running[5m])), 0)";

/** Mean tokens of the prompts, or outputs, of the requests that ended in an hour; nothing where those were too few to tell. */
export const meanTokensOfHour = (of: "prompt" | "generation"): string =>
  `sum(increase(vllm:${of}_tokens_total[1h])) / (sum(increase(vllm:request_success_total[1h])) > ${FEWEST_REQUESTS})`;

/** Requests from which a mean length says something: lengths vary by about their mean, so it is within a tenth of it. */
const FEWEST_REQUESTS = 100;
