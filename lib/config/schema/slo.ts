import { z } from "zod";
import { between, MOST } from "./values";

const unit = "ms";
const target = between(0.01, MOST.milliseconds);

const latencyTarget = (p50Ms: number, p99Ms: number, what: string, metric: string) =>
  z
    .strictObject({
      p50Ms: target.default(p50Ms).meta({
        unit,
        description: `Median ${what}, in milliseconds; where it is left as it stands, at most p99Ms.`,
      }),
      p99Ms: target
        .default(p99Ms)
        .meta({ unit, description: `99th percentile of ${what}, in milliseconds.` }),
    })
    .prefault({})
    .describe(`Targets for the ${what}: what vLLM measures as ${metric}.`);

export const slo = z
  .strictObject({
    prefill: latencyTarget(
      500,
      1000,
      "time from being scheduled to the first token",
      "vllm:request_prefill_time_seconds",
    ),
    firstToken: latencyTarget(
      1000,
      1000,
      "time to first token, queueing included",
      "vllm:time_to_first_token_seconds",
    ),
    decode: latencyTarget(
      50,
      100,
      "gap between two tokens of a request, prefill interference included",
      "vllm:inter_token_latency_seconds",
    ),
  })
  .prefault({})
  .describe("Latency targets. The plan fails when a computed value is above its target.");
