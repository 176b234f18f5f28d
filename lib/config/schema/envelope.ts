import { z } from "zod";
import { between, countUpTo, fraction, MOST } from "./values";

export const envelope = z
  .strictObject({
    maxBatchSize: countUpTo(MOST.sequences).default(64).meta({
      unit: "sequences",
      description: "Largest decode batch of one replica that the plan may need at the requested rate.",
    }),
    maxNumSeqs: countUpTo(MOST.sequences)
      .default(128)
      .meta({ unit: "sequences", description: "Upper bound of sequences a replica runs at once." }),
    maxNumBatchedTokens: countUpTo(MOST.tokensOfStep)
      .default(8192)
      .meta({ unit: "tokens", description: "Upper bound of tokens in one step of a replica." }),
    maxModelLen: countUpTo(MOST.tokens)
      .default(8192)
      .meta({ unit: "tokens", description: "Longest prompt plus output in tokens." }),
    maxMemoryFraction: fraction.default(0.85).meta({
      unit: "share",
      description:
        "Largest share of GPU memory that weights, activations and the workload's KV cache may need.",
    }),
    memoryEpsilon: between(0, 10).default(0.05).meta({
      unit: "share",
      description: "Largest relative spread of memory demand between GPUs: (max - min) / mean.",
    }),
    gpuUtilizationTarget: fraction.default(0.7).meta({
      unit: "share",
      description:
        "Largest share of what the GPUs can serve that the requested rate may take. It is the requested rate over the rate of engines whose queue never runs dry.",
    }),
  })
  .prefault({})
  .describe("Upper bounds. Within them the planner picks what meets every target.");
