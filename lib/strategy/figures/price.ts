import type { Situation } from "../situation";
import type { Cost } from "../types";

/** Hours of a month as cloud bills count them: 365 x 24 / 12. */
export const HOURS_PER_MONTH = 730;

/** USD per million output tokens when `usdPerHour` buys `outputTokensPerSecond`; undefined without a price or output. */
export function usdPerMillionTokens(
  usdPerHour: number | undefined,
  outputTokensPerSecond: number,
): number | undefined {
  if (usdPerHour === undefined || !(outputTokensPerSecond > 0)) return undefined;
  return (usdPerHour / (outputTokensPerSecond * 3600)) * 1e6;
}

/**
 * Price of one node per hour in USD: the config's, else the catalogue's; undefined when neither knows one. What
 * someone's own hosts cost, no catalogue knows.
 */
export function usdPerNodeHour({ deployment, hardware }: Situation): number | undefined {
  const listed = deployment.hosts.length > 0 ? undefined : hardware.instance.priceUsdPerHour;
  return deployment.cost.priceUsdPerHour ?? listed;
}

/** Price of all nodes per hour in USD; undefined when that of one is not known. */
export function usdPerHour(situation: Situation): number | undefined {
  const perNode = usdPerNodeHour(situation);
  return perNode === undefined ? undefined : perNode * situation.hardware.nodes;
}

/** Where the price comes from, with its date. */
export function priceSource({ deployment, hardware }: Situation): string {
  if (deployment.cost.priceUsdPerHour !== undefined) return "cost.priceUsdPerHour of the config";
  if (deployment.hosts.length > 0) return "the price of given hosts is not known; set cost.priceUsdPerHour";
  if (hardware.instance.priceUsdPerHour === undefined)
    return `no price is known for ${hardware.instance.name}; set cost.priceUsdPerHour`;
  return `on demand, us-east-1, ${hardware.instance.provenance.date}: ${hardware.instance.provenance.source}`;
}

/** What the nodes cost, and the output tokens at so many a second. */
export function price(situation: Situation, outputTokensPerSecond: number): Cost {
  const hourly = usdPerHour(situation);
  const perMillion = usdPerMillionTokens(hourly, outputTokensPerSecond);
  return {
    ...(hourly === undefined ? {} : { usdPerHour: hourly, usdPerMonth: hourly * HOURS_PER_MONTH }),
    ...(perMillion === undefined ? {} : { usdPerMillionOutputTokens: perMillion }),
    priceSource: priceSource(situation),
  };
}
