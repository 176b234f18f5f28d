import { z } from "zod";
import { fraction } from "./values";

export const eplb = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        "Let vLLM move experts between the ranks that hold whole ones, by the load of the last steps (--enable-eplb). Gains are derived, not measured, and moving is taken to cost nothing.",
      ),
    redundantExperts: z.int().min(0).max(4096).default(0).meta({
      unit: "experts",
      description:
        "Copies of busy experts in each layer, over all ranks; experts and copies must divide over the ranks.",
    }),
    balance: fraction.default(1).meta({
      unit: "share",
      description:
        "Mean load of the ranks over the largest, after experts were moved, as vLLM logs it with --eplb-config.log_balancedness. 1 is even.",
    }),
  })
  .prefault({})
  .describe("Load balancing of experts.");
