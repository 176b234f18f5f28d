import { cloudWatchPrice, isPublished } from "../../serving";
import { isRateDriven, type Plan, sameStrategy } from "../../strategy";
import { usd } from "../format-number";
import { overloadOf } from "../overload";
import type { Block, Fact, Section } from "../report-document";
import { fact } from "./fact";

const SCOPE = "This is the price of the machines alone. Disks, data transfer and taxes come on top.";

const UNPRICED_LOAD = "The plan is overloaded, so a million tokens at this load has no price.";

/** What the machines cost, and a million tokens at the requested rate. */
export function costSection(plan: Plan): Section {
  const { cost } = plan;
  if (cost.usdPerHour === undefined) {
    return {
      id: "cost",
      title: "Cost",
      blocks: [
        {
          kind: "text",
          text: `${unpriced(plan)}; set cost.priceUsdPerHour to the price of one host.`,
        },
      ],
    };
  }
  const row = (
    label: string,
    figure: "usdPerHour" | "usdPerMonth" | "usdPerMillionOutputTokens",
  ): readonly Fact[] => {
    const value = cost[figure];
    return value === undefined ? [] : [fact(label, usd(value), `cost.${figure}`)];
  };
  const facts: readonly Fact[] = [
    ...row("All hosts, per hour", "usdPerHour"),
    ...row("All hosts, per month of 730 h", "usdPerMonth"),
    ...row(
      isRateDriven(plan) ? "A million output tokens at the requested rate" : "A million output tokens",
      "usdPerMillionOutputTokens",
    ),
    ...(isRateDriven(plan) ? capacityCost(plan) : []),
    ...watchCost(plan),
  ];
  const notes = [...(overloadOf(plan) === undefined ? [] : [UNPRICED_LOAD]), SCOPE];
  const text: Block = { kind: "text", text: notes.join(" "), tone: "quiet" };
  return { id: "cost", title: "Cost", blocks: [{ kind: "facts", facts }, text] };
}

const unpriced = ({ deployment, instance }: Plan): string =>
  deployment.hosts.length > 0
    ? "What your own hosts cost is not known"
    : `No price is known for ${instance.name}`;

/** What is asked beside the machines for watching them from outside. */
function watchCost(plan: Plan): readonly Fact[] {
  if (!isPublished(plan)) return [];
  const { metrics, alarms, logGb, usdPerMonth } = cloudWatchPrice(plan);
  const logs = logGb === 0 ? "" : `, ${logGb.toFixed(1)} GB of logs`;
  const label = `On top, CloudWatch: ${metrics} metrics, ${alarms} alarms, a dashboard${logs}, per month`;
  return [fact(label, usd(usdPerMonth))];
}

/** The same million tokens when the strategy runs at its highest rate, with the serving parameters for that. */
function capacityCost({ chosen, candidates, strategy }: Plan): readonly Fact[] {
  const price = chosen.costUsdPerMillionOutputTokens;
  const index = candidates.findIndex((candidate) => sameStrategy(candidate.strategy, strategy));
  if (price === undefined || index < 0) return [];
  const figure = `candidates.${index}.costUsdPerMillionOutputTokens` as const;
  return [
    fact("A million output tokens at the highest rate, with the best parameters for it", usd(price), figure),
  ];
}
