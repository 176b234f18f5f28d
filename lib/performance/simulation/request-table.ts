import type { TrafficInput } from "../types";
import { arrivalTimes } from "./arrival-times";
import { randomStream } from "./random-stream";
import { lengthsOf } from "./sample-lengths";

/** Tokens in one block of vLLM's paged KV cache. */
export const BLOCK_TOKENS = 16;

/**
 * All requests of a simulation as columns of typed arrays: the inner loop must not allocate.
 * Times are ms since the start of the run and NaN until they happen.
 */
export interface RequestTable {
  readonly count: number;
  readonly promptTokens: Int32Array;
  readonly outputTokens: Int32Array;
  /** Prompt tokens found in the prefix cache: whole blocks, and never the last token of the prompt. */
  readonly cachedTokens: Int32Array;
  /** When the client sends it. */
  readonly sentMs: Float64Array;
  /** When it first enters a batch. */
  readonly scheduledMs: Float64Array;
  readonly firstTokenMs: Float64Array;
  readonly doneMs: Float64Array;
}

function cachedTokens(traffic: TrafficInput, promptTokens: Int32Array): Int32Array {
  const coldStart = traffic.coldStartRequests ?? 0;
  return promptTokens.map((prompt, request) => {
    const reusable = Math.min(traffic.cachedPrefixTokens, prompt - 1);
    return request < coldStart ? 0 : Math.floor(reusable / BLOCK_TOKENS) * BLOCK_TOKENS;
  });
}

/** Draws lengths and arrival instants of the traffic, each from its own stream of the seed. */
export function createRequestTable(traffic: TrafficInput): RequestTable {
  const count = traffic.requests;
  const pending = (): Float64Array => new Float64Array(count).fill(Number.NaN);
  const { seed } = traffic;
  const promptTokens = lengthsOf(traffic.promptTokens, count, { seed, name: "prompt lengths" });
  return {
    count,
    promptTokens,
    outputTokens: lengthsOf(traffic.outputTokens, count, { seed, name: "output lengths" }),
    cachedTokens: cachedTokens(traffic, promptTokens),
    sentMs: arrivalTimes(traffic, randomStream(traffic.seed, "arrivals")),
    scheduledMs: pending(),
    firstTokenMs: pending(),
    doneMs: pending(),
  };
}
