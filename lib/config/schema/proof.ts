import { z } from "zod";
import { between } from "./values";

export const proof = z
  .strictObject({
    load: z
      .boolean()
      .default(false)
      .describe(
        "Load the service after each change with the workload, and compare what is measured with the plan. It is off by default, because a service with users is then loaded twice. The rehearsal has it on.",
      ),
    loadSeconds: between(1, 86_400).default(60).meta({
      unit: "s",
      description: "How long the load test sends requests; never fewer than 30 requests.",
    }),
    onMiss: z
      .enum(["warn", "fail"])
      .default("warn")
      .describe("What a measured latency above its target does to `pulumi up`."),
  })
  .prefault({})
  .describe("What `pulumi up` proves once the service runs.");
