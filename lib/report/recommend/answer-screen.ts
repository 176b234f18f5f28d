import { type Plan, strategyLabel } from "../../strategy";
import { milliseconds, usd } from "../format-number";
import type { Cell } from "../report-document";
import type { ReportOptions } from "../report-options";
import { painter } from "../terminal/paint";
import { wrapText } from "../terminal/wrap-text";
import { lengthsText } from "../verdict";

/** The answer to an inverse question of `recommend`, and the command whose plan confirms it. */
export interface Answered {
  readonly title: string;
  readonly verdict: Cell;
  /** What the machines do there, and what else is worth knowing: sentences. */
  readonly notes: readonly string[];
  /** Absent where nothing passes. */
  readonly confirm?: string;
  /** What `--json` prints beside the confirmation. */
  readonly figures: Readonly<Record<string, unknown>>;
}

/** What a plan does, in two sentences: strategy and price, then the latencies beside their targets. */
export function planNotes({
  strategy,
  latency,
  cost,
  deployment: { slo, workload },
}: Plan): readonly string[] {
  const perMillion = cost.usdPerMillionOutputTokens;
  const price =
    cost.usdPerHour === undefined
      ? ""
      : `, ${usd(cost.usdPerHour)} an hour${perMillion === undefined ? "" : ` and ${usd(perMillion)} per million output tokens ${lengthsText(workload)}`}`;
  const figure = (name: string, ms: number, limit: number) =>
    `${name} ${Number.isFinite(ms) ? milliseconds(ms) : "-"} (<= ${milliseconds(limit)})`;
  return [
    `The plan is ${strategyLabel(strategy)}${price}.`,
    `${figure("First token p99", latency.firstToken.p99Ms, slo.firstToken.p99Ms)}, ${figure("decode p99", latency.decode.p99Ms, slo.decode.p99Ms)}.`,
  ];
}

/** The answer for a terminal: a few lines of at most the terminal's width; the command is one line, to be copied. */
export function answerScreen({ title, verdict, notes, confirm }: Answered, options: ReportOptions): string {
  const width = Math.max(60, options.width);
  const paint = painter(options.color);
  const lines = [
    ...wrapText(title, width).map((line) => paint(line, "title")),
    ...wrapText(verdict.text, width).map((line) => paint(line, verdict.tone)),
    "",
    ...notes.flatMap((note) => wrapText(note, width)),
    ...(confirm === undefined ? [] : [`Confirm: ${confirm}`]),
  ];
  return lines.map((line) => `${line.replaceAll("\u00a0", " ")}\n`).join("");
}

/** What `recommend --json` prints for an inverse question: keys may be added, none renamed. */
export const answerObject = ({ title, verdict, confirm, figures }: Answered) => ({
  schemaVersion: 1,
  ...{ title, answer: verdict.text },
  ...figures,
  ...(confirm === undefined ? {} : { confirm }),
});
