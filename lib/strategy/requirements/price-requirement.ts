import { usdPerHour } from "../figures/price";
import type { Situation } from "../situation";
import type { Requirement } from "./requirement";

/** The cap on the price of all nodes; no requirement where the config sets none. */
export function priceRequirement(situation: Situation): Requirement[] {
  const limit = situation.deployment.cost.maxUsdPerHour;
  if (limit === undefined) return [];
  const hourly = usdPerHour(situation);
  const nodes = `${situation.hardware.nodes} x ${situation.hardware.instance.name}`;
  return [
    {
      id: "price",
      requirement: `all nodes together cost at most ${limit} USD per hour`,
      value: hourly ?? Number.NaN,
      limit,
      unit: "USD/h",
      bound: "most",
      valueText:
        hourly === undefined ? `no price is known for ${nodes}` : `${nodes} cost ${hourly} USD per hour`,
      configKey: "cost.maxUsdPerHour",
      change:
        hourly === undefined
          ? "set cost.priceUsdPerHour, or remove cost.maxUsdPerHour"
          : "raise cost.maxUsdPerHour, or use a cheaper hardware.instanceType or fewer hardware.nodes",
    },
  ];
}
