import { checkLabel } from "../../strategy";
import { count, milliseconds, significant } from "../format-number";
import { renderDocument, renderDrawings } from "../render-report";
import type { Block, Cell, Chart, ReportDocument, Table } from "../report-document";
import { cell } from "../sections/fact";

/** What a page shows of the plan at one value of the key; null where the plan has no figure. Units stand in the names. */
export interface SweptPlan {
  readonly value: string;
  readonly meets: boolean;
  readonly strategy: string;
  readonly prefillP99Ms: number | null;
  readonly firstTokenP99Ms: number | null;
  readonly decodeP99Ms: number | null;
  readonly sustainableRequestRate: number | null;
  readonly outputTokensPerSecondPerGpu: number | null;
  readonly usdPerMillionOutputTokens: number | null;
  /** Ids of the checks that fail. */
  readonly misses: readonly string[];
  /** Targets of the three latencies at this value. */
  readonly limits: { readonly prefillMs: number; readonly firstTokenMs: number; readonly decodeMs: number };
}

/** Plans with one config key at several values. */
export interface SweptKey {
  readonly key: string;
  readonly plans: readonly SweptPlan[];
}

/** A sweep drawn: as a page, or as one SVG file with the three latencies. */
export function sweepPage(swept: SweptKey, format: "html" | "svg"): string {
  const plots = LATENCIES.map((latency) => latencyPlot(swept, latency));
  if (format === "svg") return renderDrawings(plots);
  return renderDocument(sweepDocument(swept, plots), "html", { color: false, width: 100 });
}

interface Latency {
  readonly id: string;
  readonly quantity: string;
  readonly ms: (plan: SweptPlan) => number | null;
  readonly limitMs: (plan: SweptPlan) => number;
}

const LATENCIES: readonly Latency[] = [
  {
    id: "prefill",
    quantity: "Prefill p99",
    ms: (plan) => plan.prefillP99Ms,
    limitMs: ({ limits }) => limits.prefillMs,
  },
  {
    id: "first-token",
    quantity: "First token p99",
    ms: (plan) => plan.firstTokenP99Ms,
    limitMs: ({ limits }) => limits.firstTokenMs,
  },
  {
    id: "decode",
    quantity: "Decode p99",
    ms: (plan) => plan.decodeP99Ms,
    limitMs: ({ limits }) => limits.decodeMs,
  },
];

type Plot = Extract<Block, { kind: "plot" }> & { readonly chart: Extract<Chart, { kind: "sweep" }> };

function latencyPlot({ key, plans }: SweptKey, { id, quantity, ms, limitMs }: Latency): Plot {
  const points = plans.map((plan) => ({ value: plan.value, ms: ms(plan), limitMs: limitMs(plan) }));
  const held = points.filter((point) => point.ms !== null && point.ms <= point.limitMs);
  return {
    kind: "plot",
    id,
    title: `${quantity} by ${key}`,
    summary: `${quantity} holds its target at ${held.length} of ${points.length} values of ${key}.`,
    chart: { kind: "sweep", key, points },
    table: {
      columns: [{ title: key }, { title: quantity, align: "right" }, { title: "target", align: "right" }],
      rows: points.map((point) => [
        cell(point.value),
        cell(
          point.ms === null ? "-" : milliseconds(point.ms),
          point.ms === null || point.ms > point.limitMs ? "bad" : "good",
        ),
        cell(milliseconds(point.limitMs)),
      ]),
    },
  };
}

function sweepDocument(swept: SweptKey, plots: readonly Plot[]): ReportDocument {
  const { key, plans } = swept;
  return {
    title: `What ${key} changes`,
    subtitle: `One plan for each of ${plans.length} values`,
    verdict: sweepVerdict(swept),
    highlights: [],
    sections: [
      { id: "latencies", title: "Latencies", blocks: plots },
      { id: "plans", title: "Plans", blocks: [{ kind: "table", ...planTable(swept) }] },
    ],
    derivations: [],
    sources: [],
  };
}

function sweepVerdict({ key, plans }: SweptKey): Cell {
  const good = plans.filter(({ meets }) => meets).map(({ value }) => value);
  if (good.length === 0) return cell(`No value of ${key} meets every requirement.`, "bad");
  if (good.length === plans.length) return cell(`Every value of ${key} meets every requirement.`, "good");
  return cell(
    `${good.length} of ${plans.length} values of ${key} meet every requirement: ${good.join(", ")}.`,
    "warn",
  );
}

function planTable({ key, plans }: SweptKey): Table {
  const figure = (value: number | null, write: (value: number) => string) =>
    cell(value === null ? "-" : write(value));
  return {
    columns: [
      { title: key },
      { title: "strategy" },
      { title: "sustainable rate", align: "right" },
      { title: "tokens/s per GPU", align: "right" },
      { title: "$ per million output tokens", align: "right" },
      { title: "misses" },
    ],
    rows: plans.map((plan) => [
      cell(plan.value),
      cell(plan.strategy),
      figure(plan.sustainableRequestRate, (rate) => `${significant(rate)}/s`),
      figure(plan.outputTokensPerSecondPerGpu, count),
      figure(plan.usdPerMillionOutputTokens, (usd) => usd.toFixed(2)),
      plan.meets ? cell("✓ none", "good") : cell(`✗ ${plan.misses.map(checkLabel).join(", ")}`, "bad"),
    ]),
  };
}
