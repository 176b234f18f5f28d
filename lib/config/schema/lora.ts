import { z } from "zod";

/** Ranks that vLLM 0.33 takes for --max-lora-rank (MaxLoRARanks in config/lora.py). */
const RANKS = [1, 8, 16, 32, 64, 128, 256, 320, 512] as const;

export const lora = z
  .strictObject({
    maxLoras: z.int().min(0).max(1024).default(0).meta({
      unit: "adapters",
      description:
        "LoRA adapters that may be in one step, whose memory is taken at start (--max-loras). 0 serves none. Name the adapters with --lora-modules in serving.extraArgs. What they add to a step's time is not counted, because nobody has published it for such a setup.",
    }),
    maxRank: z
      .literal(RANKS)
      .default(16)
      .describe("Highest rank of an adapter (--max-lora-rank). Memory is taken for it whatever the rank is."),
    fullySharded: z
      .boolean()
      .default(false)
      .describe(
        "Cut both matrices of an adapter over the tensor-parallel ranks, not one of them (--fully-sharded-loras).",
      ),
    targetModules: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "Suffixes of the modules that adapters may change, such as qkv_proj (--lora-target-modules). An empty list means all that vLLM supports.",
      ),
  })
  .prefault({})
  .describe("LoRA adapters.");
