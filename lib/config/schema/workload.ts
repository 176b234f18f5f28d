import { z } from "zod";
import { between, countUpTo, MOST } from "./values";

const unit = "tokens";
const wholeTokens = countUpTo(MOST.tokens);
const tokens = between(1, MOST.tokens);

/** How long prompts or outputs are. */
export const lengths = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("fixed"),
    tokens: wholeTokens.meta({ unit, description: "Tokens of every request." }),
  }),
  z.strictObject({
    kind: z.literal("uniform"),
    min: wholeTokens.meta({ unit, description: "Fewest tokens." }),
    max: wholeTokens.meta({ unit, description: "Most tokens." }),
  }),
  z.strictObject({
    kind: z.literal("lognormal"),
    median: tokens.meta({ unit, description: "Median tokens." }),
    mean: tokens.meta({ unit, description: "Mean tokens; at least the median." }),
    min: wholeTokens.optional().meta({
      unit,
      description:
        "Shorter draws are raised to this many tokens. Default: none; of prompts, one more than workload.cachedPrefixTokens where it is above 0.",
    }),
    max: wholeTokens.optional().meta({
      unit,
      description: "Longer draws are cut to this many tokens. Default: what envelope.maxModelLen leaves.",
    }),
  }),
  z.strictObject({
    kind: z.literal("empirical"),
    quantiles: z.array(tokens).min(2).max(1001).meta({
      unit,
      description: "Tokens at equally spaced quantiles from 0 to 1; values between are interpolated.",
    }),
  }),
]);

/**
 * Lengths of AzureLLMInferenceTrace_conv.csv (Azure/AzurePublicDataset@b469a11, conversations of November 2023,
 * 19 366 requests): prompts have median 1020, mean 1155; outputs median 129, mean 211, longest 1000. The mean of the
 * outputs is the reference document's instead: 1248 tokens/s at 8 requests/s are 156 tokens. Prompts end where
 * 8192 - 1000 tokens leave room (a little less, so that both ends fit); 4 prompts of the trace are longer.
 */
const PROMPT_TOKENS = { kind: "lognormal", median: 1020, mean: 1155, max: 7168 } as const;
const OUTPUT_TOKENS = { kind: "lognormal", median: 129, mean: 156, max: 1000 } as const;

export const workload = z
  .strictObject({
    requestRate: between(0.0001, 100_000)
      .default(8)
      .meta({ unit: "requests/s", description: "Requests per second that arrive at the service." }),
    arrivals: z
      .enum(["poisson", "constant", "bursty", "closed", "offline"])
      .default("poisson")
      .describe(
        "How requests arrive; `closed` keeps `concurrency` requests in flight, `offline` sends all at once.",
      ),
    burstiness: between(0.01, 1000)
      .default(2)
      .describe("Squared coefficient of variation of the gaps between bursty arrivals; 1 would be Poisson."),
    concurrency: countUpTo(100_000)
      .default(64)
      .meta({ unit: "requests", description: "Requests in flight for arrivals `closed`." }),
    promptTokens: lengths
      .prefault(PROMPT_TOKENS)
      .meta({ unit, description: "Distribution of prompt lengths in tokens." }),
    outputTokens: lengths
      .prefault(OUTPUT_TOKENS)
      .meta({ unit, description: "Distribution of output lengths in tokens." }),
    cachedPrefixTokens: z.int().min(0).max(MOST.tokens).default(0).meta({
      unit,
      description:
        "Leading prompt tokens that are served from the prefix cache; every prompt has them and at least one token of its own. Needs serving.prefixCaching.",
    }),
    expertSkew: z
      .number()
      .min(0)
      .max(1.2)
      .default(1.2)
      .describe(
        "Exponent of the power law by which the text chooses experts, from 0 (evenly) to 1.2, the most uneven that was measured. It decides how far the busiest rank is behind the others. Without experts it does nothing.",
      ),
    simulatedRequests: z.int().min(100).max(1_000_000).default(2000).meta({
      unit: "requests",
      description:
        "With arrivals `offline`, the requests that are sent at once, at most 50,000. Otherwise the fewest that the simulation of the plan runs. It runs more where they take little time, and fewer for other strategies where they take much.",
    }),
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(1)
      .describe("Seed of the simulation. The same seed and input give the same plan."),
  })
  .prefault({})
  .describe("What arrives. Latency depends on it as much as on the machines.");
