import { z } from "zod";
import { absolutePath, between, countUpTo } from "./values";

/** Methods that are priced; vLLM 0.33 has more (ngram, suffix, dflash, dspark), whose time and acceptance nobody states. */
export const speculative = z
  .strictObject({
    method: z
      .enum(["off", "mtp", "eagle3", "draft_model"])
      .default("off")
      .describe(
        "What drafts tokens that the model then verifies. It is the checkpoint's own prediction module (`mtp`), an EAGLE-3 head (`eagle3`), or a small model (`draft_model`). Gains are derived from the acceptance that is given here, not measured.",
      ),
    model: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Repository of the EAGLE-3 head or of the draft model, or a name that `npx shardplan models` lists. There is none for `mtp`.",
      ),
    configPath: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Path of the config.json of serving.speculative.model (from the stack file's folder); without it the catalogue or the hub is asked.",
      ),
    location: absolutePath
      .optional()
      .describe(
        "Folder of the drafter's weights on the hosts, as an absolute path. Default: they are fetched from the hub.",
      ),
    draftTokens: countUpTo(16)
      .default(1)
      .meta({ unit: "tokens", description: "Tokens that are drafted for each sequence and step." }),
    acceptance: z.number().min(0).max(1).optional().meta({
      unit: "share",
      description:
        "Share of drafts that are accepted among those whose predecessors were. Measure it on your own text. Either this key or acceptanceLength is needed.",
    }),
    acceptanceLength: between(1, 17).optional().meta({
      unit: "tokens",
      description:
        "Mean tokens that a step brings, 1 to draftTokens + 1, as vLLM logs them (`Mean acceptance length`). It takes the place of acceptance.",
    }),
  })
  .prefault({})
  .describe("Speculative decoding.");
