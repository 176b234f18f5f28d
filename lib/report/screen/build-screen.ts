import { inBackticks } from "../../config";
import type { Plan, Remedy } from "../../strategy";
import { asArguments, remedyLabel } from "../../strategy";
import { rateText, usd } from "../format-number";
import type { Cell, Table } from "../report-document";
import { lengthsText, verdict } from "../verdict";
import { keyFigures } from "./key-figures";
import { restOfStrategies, topStrategies } from "./top-strategies";

/** What fits on one screen: the answer, and where to read on. */
export interface Screen {
  readonly title: string;
  readonly verdict: Cell;
  /** What it costs, in a sentence. */
  readonly cost: string;
  readonly figures: Table;
  /** Rows of the figures, the first ones, that miss their targets. */
  readonly missed: number;
  readonly strategies: Table;
  readonly rest: string;
  /** Of a failing plan: a heading and changes, the best first. */
  readonly changes?: { readonly heading: string; readonly items: readonly string[] };
  readonly readOn: string;
  /** The same in a line. */
  readonly readOnBriefly: string;
}

/** `remedies`: changes that pass, where they were looked for. */
export function buildScreen(plan: Plan, remedies: readonly Remedy[] | undefined): Screen {
  const { hardware } = plan.deployment;
  return {
    title: `${plan.model.name} on ${hardware.nodes} x ${plan.instance.name}`,
    verdict: verdict(plan),
    cost: costSentence(plan),
    ...keyFigures(plan),
    strategies: topStrategies(plan),
    rest: restOfStrategies(plan),
    ...(plan.violations.length === 0 ? {} : { changes: changes(plan, remedies) }),
    readOn: READ_ON,
    readOnBriefly: READ_ON_BRIEFLY,
  };
}

const READ_ON = `Read on: --full prints the whole report, a section's name only that section (latency, memory, alternatives, verification, ...), --out report.html writes the page with plots, and ${inBackticks("explain")} shows how a figure is made.`;
const READ_ON_BRIEFLY = "Read on: --full, a section (latency, memory, verification, ...), --out x.html.";

function costSentence({ cost, throughput, deployment: { workload } }: Plan): string {
  if (cost.usdPerHour === undefined) return "What it costs is not known: set cost.priceUsdPerHour.";
  const hourly = `It costs ${usd(cost.usdPerHour)} an hour`;
  const perMillion = cost.usdPerMillionOutputTokens;
  return perMillion === undefined
    ? `${hourly}.`
    : `${hourly}, ${usd(perMillion)} per million output tokens at ${rateText(throughput.requestRate)}, ${lengthsText(workload)}.`;
}

function changes(plan: Plan, remedies: readonly Remedy[] | undefined): Screen["changes"] {
  if (remedies === undefined) {
    const items = [...new Set(plan.violations.map(({ change }) => change))];
    return { heading: "What might help; nothing was tried", items };
  }
  if (remedies.length === 0) return { heading: "No change that was tried makes it pass", items: [] };
  return {
    heading: "Each of these changes was simulated and passes",
    items: remedies.map(remedyItem),
  };
}

function remedyItem(remedy: Remedy): string {
  const label = remedyLabel(remedy);
  return `${label === "" ? "" : `${label}: `}${asArguments(remedy)}`;
}
