import { z } from "zod";
import { between } from "./values";

export const cost = z
  .strictObject({
    priceUsdPerHour: between(0.01, 100_000).optional().meta({
      unit: "USD/hour",
      description:
        "Price of one node in USD per hour. Default: the catalogue's on-demand price, where it has one.",
    }),
    maxUsdPerHour: between(0.01, 100_000_000).optional().meta({
      unit: "USD/hour",
      description: "The plan fails when all nodes together cost more in USD per hour.",
    }),
  })
  .prefault({})
  .describe("Prices and the cap on them.");
