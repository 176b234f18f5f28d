import type { Plan } from "../../strategy";
import type { Series } from "./series";

/** Histograms of vLLM that the three latencies of a plan are measured by, in seconds. */
export const LATENCY_HISTOGRAMS = {
  decode: "vllm:inter_token_latency_seconds",
  firstToken: "vllm:time_to_first_token_seconds",
  prefill: "vllm:request_prefill_time_seconds",
} as const;

export type MeasuredLatency = keyof typeof LATENCY_HISTOGRAMS;

/** The three latencies, each with its name in metrics, in alerts and in sentences. */
export const LATENCIES = [
  { of: "decode", metric: "decode", name: "Decode", words: "gaps between tokens" },
  { of: "firstToken", metric: "first_token", name: "FirstToken", words: "first tokens" },
  { of: "prefill", metric: "prefill", name: "Prefill", words: "prefills" },
] as const satisfies readonly { readonly of: MeasuredLatency; readonly [key: string]: string }[];

/** PromQL of a latency's 99th percentile over five minutes, in seconds. */
export const p99Seconds = (series: Series, of: MeasuredLatency): string =>
  `histogram_quantile(0.99, sum by (le) (rate(${series(`${LATENCY_HISTOGRAMS[of]}_bucket`)}[5m])))`;

/** Share of the fullest KV cache in use, 0..1. */
export const kvCacheUsage = (series: Series): string => `max(${series("vllm:kv_cache_usage_perc")})`;

/** Share of the fullest GPU's memory in use, 0..1. Older exporters do not say what the driver keeps for itself. */
export function gpuMemoryShare(series: Series): string {
  const all = series("", '__name__=~"DCGM_FI_DEV_FB_(USED|FREE|RESERVED)"');
  return `max(${series("DCGM_FI_DEV_FB_USED")} / sum without () (${all}))`;
}

/**
 * Share of one direction of NVLink in use on the busiest GPU, 0..1. The two fields are bytes per second, by the name:
 * `or` would leave out the second, as both have the same labels.
 */
export const nvlinkShare = (series: Series, ceilingBytesPerSecond: number): string =>
  `max(${series("", '__name__=~"DCGM_FI_PROF_NVLINK_(TX|RX)_BYTES"')}) / ${ceilingBytesPerSecond}`;

/** Output tokens per second and GPU. */
export const outputTokensPerGpu = (series: Series, { strategy }: Plan): string =>
  `sum(rate(${series("vllm:generation_tokens_total")}[5m])) / ${strategy.gpus}`;

/**
 * Requests per second that arrive: those that ended, and those by which the queue and the running ones grow. Endings alone
 * level off at what the servers can do, just when more than that arrives.
 */
export const arrivalRate = (series: Series): string =>
  `clamp_min(sum(rate(${series("vllm:request_success_total")}[5m])) + ` +
  `sum(deriv(${series("vllm:num_requests_waiting")}[5m])) + sum(deriv(${series("vllm:num_requests_running")}[5m])), 0)`;

/** Requests from which shares and means say something: lengths vary by about their mean, so it is within a tenth of it. */
const FEWEST_REQUESTS = 100;

/** The requests that got their first token in a window; nothing where those were too few to tell. */
export const enoughRequests = (series: Series, window: string): string =>
  `sum(increase(${series(`${LATENCY_HISTOGRAMS.firstToken}_count`)}[${window}])) > ${FEWEST_REQUESTS}`;

/** Mean tokens of the prompts, or outputs, of the requests that ended in an hour; nothing where those were too few to tell. */
export const meanTokensOfHour = (series: Series, of: "prompt" | "generation"): string =>
  `sum(increase(${series(`vllm:${of}_tokens_total`)}[1h])) / ` +
  `(sum(increase(${series("vllm:request_success_total")}[1h])) > ${FEWEST_REQUESTS})`;

/**
 * Output tokens per second and GPU that the present load asks for, as far as the plan sustains it: arrivals times the
 * tokens of a request, the plan's until enough requests have ended to know.
 */
export function expectedTokensPerGpu(
  series: Series,
  { strategy }: Plan,
  of: { readonly sustainableRequestRate: number; readonly outputTokens: number },
): string {
  const rate = series("shardplan:request_rate");
  const tokens = `(${series("shardplan:mean_output_tokens")} or 0 * ${rate} + ${of.outputTokens})`;
  return `clamp_max(${rate}, ${of.sustainableRequestRate}) * ${tokens} / ${strategy.gpus}`;
}

/**
 * What the p99 of decode was when the load was alike: in the same hour of the day before; in the hour before the last where
 * that is not known.
 */
export function decodeReference(series: Series): string {
  const before = (offset: string) =>
    `avg_over_time(${series("shardplan:decode_p99_seconds")}[1h] offset ${offset})`;
  return `${before("23h30m")} or ${before("1h")}`;
}

/**
 * The fault that the driver reported last, of each GPU; 0 for none. The exporter has the code in a label, too, so each
 * fault is a series of its own: only together can they be seen to change.
 */
export const lastXid = (series: Series): string =>
  `max by (instance, gpu) (${series("DCGM_FI_DEV_XID_ERRORS")})`;
