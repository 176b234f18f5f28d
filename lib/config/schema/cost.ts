import { z } from "zod";
import { positive } from "./values";

export const cost = z
  .strictObject({
    priceUsdPerHour: positive.optional().meta({
      unit: "USD/hour",
      description:
        "Price of one node in USD per hour. Default: the catalogue's on-demand price, where it has one.",
    }),
    maxUsdPerHour: positive.optional().meta({
      unit: "USD/hour",
      description: "The plan fails when all nodes together cost more in USD per hour.",
    }),
  })
  .prefault({})
  .describe("Prices and the cap on them.");
