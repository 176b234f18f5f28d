import { z } from "zod";
import { between, textLike } from "./values";

export const cost = z
  .strictObject({
    priceUsdPerHour: between(0.01, 100_000).optional().meta({
      unit: "USD/hour",
      description:
        "Price of one node in USD per hour. Default: the catalogue's on-demand price, where it has one.",
    }),
    maxUsdPerHour: between(0.01, 100_000_000).optional().meta({
      unit: "USD/hour",
      description:
        "The plan fails when all nodes together cost more in USD per hour. On AWS the check `price` counts volumes, addresses and traffic, too.",
    }),
    stopAt: textLike(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day such as 20:00")
      .optional()
      .meta({
        unit: "UTC",
        description:
          "Time of day, in UTC, at which the machines on AWS shut down, whoever uses them. Default: never. They start again by hand.",
      }),
    stopAfterIdleHours: between(0.5, 1000).optional().meta({
      unit: "hours",
      description:
        "Hours without a request by a key after which the machine on AWS shuts down. Default: never. It starts again by hand.",
    }),
  })
  .prefault({})
  .describe("Prices and the cap on them.");
