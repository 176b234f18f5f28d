import { MOST_NODES, type Plan, type Recommendation, type Recommended, strategyLabel } from "../../strategy";
import { milliseconds, rateText, significant, usd } from "../format-number";
import type { Cell, Table } from "../report-document";
import type { ReportOptions } from "../report-options";
import { cell } from "../sections/fact";
import { painter } from "../terminal/paint";
import { textTable } from "../terminal/text-table";
import { wrapText } from "../terminal/wrap-text";
import { lengthsText, targetsText } from "../verdict";

/** What was asked, what was found, and what more load takes. */
export interface RecommendReport {
  readonly model: string;
  readonly recommended: Recommended;
  /** Lengths and targets that were asked. */
  readonly asked: Pick<Plan["deployment"], "workload" | "slo">;
  /** The cheapest for multiples of the load. */
  readonly more: readonly Recommended[];
  /** Prices that were given in place of list prices, as sentences. */
  readonly given?: readonly string[];
  /** A command that confirms a line. */
  readonly confirm: (recommendation: Recommendation) => string;
}

const hosts = ({ nodes, instanceType }: Recommendation): string => `${nodes} x ${instanceType}`;

/** Machines that pass for a terminal, the cheapest first: one screen of 80 columns. */
export function recommendScreen(
  { model, recommended, asked, more, given = [], confirm }: RecommendReport,
  options: ReportOptions,
): string {
  const width = Math.max(60, options.width);
  const paint = painter(options.color);
  const wrapped = (text: string, tone?: Parameters<typeof paint>[1]) =>
    wrapText(text, width).map((line) => paint(line, tone));
  const { recommendations, requestRate } = recommended;
  const [best] = recommendations;
  const verdict: Cell = best
    ? cell(`✓ The cheapest that passes is ${hosts(best)}, ${usd(best.usdPerHour)} an hour.`, "good")
    : cell(`✗ No machine of the catalogue passes, up to ${MOST_NODES} nodes of a type.`, "bad");
  const blocks = [
    [
      ...wrapped(`${model} at ${rateText(requestRate)}, ${lengthsText(asked.workload)}`, "title"),
      ...wrapped(verdict.text, verdict.tone),
    ],
    best === undefined ? [] : textTable({ ...table(recommendations), width }, paint),
    [...more.map(moreText), ...given].flatMap((each) => wrapped(each)),
    [
      ...wrapped(best === undefined ? noneText(recommended, asked) : foundText(recommended), "quiet"),
      ...(best === undefined ? [] : [`Confirm: ${confirm(best)}`]),
    ],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((each) => `${each}\n`.replaceAll("\u00a0", " ")).join(""))
    .join("\n");
}

const foundText = ({ considered, planned, unsettledGpus }: Recommended): string =>
  `${unsettledText(unsettledGpus)}${considered} machines hold the weights and might be fast enough. ${planned} of them were planned; the others cannot pass, or cost more. Nothing cheaper than a machine with ◆ is faster. rate/s is the highest within the targets.`;

/** GPUs whose cheapest that passes is not known, so that nobody takes them for those that cannot. */
const unsettledText = (gpus: readonly string[]): string =>
  gpus.length === 0
    ? ""
    : `Left after two machines that miss a target, though dearer ones may pass: ${gpus.join(", ")}. `;

/** Why nothing passes: what the search knows of it. */
const noneText = ({ considered, planned }: Recommended, { slo }: RecommendReport["asked"]): string =>
  `The targets are ${targetsText(slo)}. ${
    planned === 0
      ? `${considered} machines hold the weights. None was planned, because a bound by hand shows of each that it cannot meet them: loosen them, or lower the rate.`
      : `${considered} machines hold the weights. ${planned} were planned and miss a target; of the others a bound by hand shows that they cannot pass. Loosen the targets, or lower the rate.`
  }`;

function moreText({ requestRate, recommendations: [best] }: Recommended): string {
  const rate = `At ${rateText(requestRate)}`;
  return best === undefined
    ? `${rate}: none up to ${MOST_NODES} nodes of a type; run several such services.`
    : `${rate}: ${hosts(best)} (${strategyLabel(best.strategy)}), ${usd(best.usdPerHour)} an hour.`;
}

function table(recommendations: readonly Recommendation[]): Table {
  const right = (title: string) => ({ title, align: "right" as const });
  return {
    columns: [
      { title: "\u00a0\u00a0machines" },
      right("$/h"),
      right("$/M"),
      { title: "strategy" },
      right("TTFT p99"),
      right("dec. p99"),
      right("rate/s"),
    ],
    rows: recommendations.map((each) => [
      cell(`${each.isOnFront ? "◆" : "\u00a0"}\u00a0${hosts(each).replaceAll(" ", "\u00a0")}`, "strong"),
      cell(usd(each.usdPerHour).replace("$", "")),
      cell(
        each.usdPerMillionOutputTokens === undefined
          ? "-"
          : usd(each.usdPerMillionOutputTokens).replace("$", ""),
      ),
      cell(strategyLabel(each.strategy)),
      cell(milliseconds(each.latency.firstToken.p99Ms)),
      cell(milliseconds(each.latency.decode.p99Ms)),
      cell(significant(each.highestRequestRate)),
    ]),
  };
}

/** What `recommend --json` prints: keys may be added, none renamed. */
export const recommendObject = ({ model, recommended, more, confirm }: RecommendReport) => ({
  schemaVersion: 1,
  model,
  ...recommended,
  recommendations: recommended.recommendations.map((each) => ({ ...each, confirm: confirm(each) })),
  more,
});
