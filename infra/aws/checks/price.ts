import * as aws from "@pulumi/aws";
import { z } from "zod";
import type { Finding } from "../../checks/finding";
import type { Asked } from "./asked";
import { HOURS_PER_MONTH, type SideCosts, sideCosts } from "./side-costs";

/** Regions in which AWS answers questions for prices. */
const PRICING_REGIONS = ["us-east-1", "ap-south-1"];

/** The region to ask for prices, for a stack of `region`. */
export const pricingRegion = (region: string): string =>
  PRICING_REGIONS.includes(region) ? region : "us-east-1";

/** The part of AWS's price list entry that has the price. */
const product = z.object({
  terms: z.object({
    OnDemand: z.record(
      z.string(),
      z.object({
        priceDimensions: z.record(
          z.string(),
          z.object({ pricePerUnit: z.object({ USD: z.coerce.number() }) }),
        ),
      }),
    ),
  }),
});

/** Marks the one product of an instance type that is an ordinary Linux machine. */
const ORDINARY = {
  operatingSystem: "Linux",
  preInstalledSw: "NA",
  capacitystatus: "Used",
  tenancy: "Shared",
  marketoption: "OnDemand",
  productFamily: "Compute Instance",
};

async function onDemandPrice({ plan, prices }: Asked): Promise<number> {
  const wanted = {
    ...ORDINARY,
    instanceType: plan.instance.name,
    regionCode: plan.deployment.aws.region,
  };
  const filters = Object.entries(wanted).map(([field, value]) => ({ field, value }));
  const { result } = await aws.pricing.getProduct({ serviceCode: "AmazonEC2", filters }, prices);
  const [term] = Object.values(product.parse(JSON.parse(result)).terms.OnDemand);
  const [price] = Object.values(term?.priceDimensions ?? {});
  if (price === undefined) throw new Error("the price list has no price on demand");
  return price.pricePerUnit.USD;
}

async function spotPrice({ plan, zone, account }: Asked): Promise<number> {
  const { spotPrice: price } = await aws.ec2.getSpotPrice(
    {
      instanceType: plan.instance.name,
      availabilityZone: zone,
      filters: [{ name: "product-description", values: ["Linux/UNIX"] }],
    },
    account,
  );
  return Number(price);
}

/** What the stack costs now, against what was planned with and against the cap. */
export async function lookAtPrice(asked: Asked): Promise<Finding | undefined> {
  const { deployment, instance } = asked.plan;
  const { aws: settings, cost, hardware } = deployment;
  // Paid in advance.
  if (settings.capacityBlock) return undefined;
  const now = settings.spot ? await spotPrice(asked) : await onDemandPrice(asked);
  const beside = sideCosts(asked.plan);
  const hourly = now * hardware.nodes + beside.usdPerHour;
  const each = `${instance.name} is ${usd(now)} an hour ${settings.spot ? `as spot in ${asked.zone}` : `on demand in ${settings.region}`} now`;
  if (cost.maxUsdPerHour !== undefined && hourly > cost.maxUsdPerHour) {
    return {
      verdict: "fails",
      text: `cost.maxUsdPerHour: is ${usd(cost.maxUsdPerHour)}, and ${each}; ${hosts(hardware.nodes)} with ${besideText(beside)} ${usd(hourly)}`,
    };
  }
  const sum =
    `${hosts(hardware.nodes)} with ${besideText(beside)} about ${usd(hourly)} an hour, ${usd(hourly * 24)} a day, ` +
    `${usd(hourly * HOURS_PER_MONTH)} in a month of ${HOURS_PER_MONTH} hours`;
  const planned = cost.priceUsdPerHour ?? instance.priceUsdPerHour;
  // A price of the user's own (a discount) is theirs to keep; a planned price of a machine on demand says nothing of spot.
  if (cost.priceUsdPerHour !== undefined || (planned !== undefined && sameCents(planned, now))) {
    return { verdict: "passes", text: `${each}; ${sum}` };
  }
  return {
    verdict: "warns",
    text:
      `${each}, planned with ${planned === undefined ? "no price" : usd(planned)}; ${sum}; ` +
      `to plan with it: pulumi config set --path shardplan:cost.priceUsdPerHour ${now}`,
  };
}

const hosts = (count: number): string => (count === 1 ? "the machine" : `all ${count}`);

const besideText = (costs: SideCosts): string =>
  `volumes (${usd(costs.volumeUsdPerHour)}), addresses (${usd(costs.addressUsdPerHour)})` +
  `${costs.watchUsdPerHour === 0 ? "" : `, CloudWatch (${usd(costs.watchUsdPerHour)})`} and answers to the internet at the ` +
  `planned rate (${usd(costs.trafficUsdPerHour)})`;

const sameCents = (one: number, other: number): boolean => Math.abs(one - other) < 0.005;

const usd = (amount: number): string =>
  `$${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
