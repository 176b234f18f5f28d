import type { Plan } from "../../strategy";
import { usd } from "../format-number";
import type { Fact, Section } from "../report-document";
import { fact } from "./fact";
import { isRateDriven } from "./rate-driven";

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
          text: `No price is known for ${plan.instance.name}; set cost.priceUsdPerHour to the price of one host.`,
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
    ...(isRateDriven(plan) ? capacityCost(plan, cost.usdPerHour) : []),
  ];
  return { id: "cost", title: "Cost", blocks: [{ kind: "facts", facts }] };
}

/** The same million tokens when the service runs at its highest sustainable rate. */
function capacityCost({ throughput }: Plan, usdPerHour: number): readonly Fact[] {
  const scale = throughput.sustainableRequestRate / throughput.requestRate;
  const tokensPerHour = throughput.outputTokensPerSecond * scale * 3600;
  if (!(tokensPerHour > 0)) return [];
  const price = (usdPerHour / tokensPerHour) * 1e6;
  return [fact("A million output tokens at the highest rate", usd(price), "cost.usdPerMillionOutputTokens")];
}
