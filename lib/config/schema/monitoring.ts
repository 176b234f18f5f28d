import { z } from "zod";
import { fraction } from "./values";

const share = (value: number, description: string) =>
  fraction.default(value).meta({ unit: "share", description });

export const monitoring = z
  .strictObject({
    kvCacheUsageAlert: share(0.9, "Share of the KV cache in use above which the plan says: alarm."),
    memoryHeadroomAlert: share(
      0.08,
      "Share of GPU memory used beyond gpuMemoryUtilization above which the plan says: alarm.",
    ),
    nvlinkUtilizationAlert: share(
      0.8,
      "Share of NVLink bandwidth per direction above which the plan says: alarm.",
    ),
    throughputDropAlert: share(
      0.3,
      "Drop of tokens per second per GPU below the prediction above which the plan says: alarm.",
    ),
  })
  .prefault({})
  .describe("When to raise an alarm.");
