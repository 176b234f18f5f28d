import type { BandedLatency, Plan, PlanLatency } from "../../strategy";
import { band, marginWithUnit, milliseconds } from "../format-number";
import type { Block, Cell, Section } from "../report-document";
import type { ReportDetails } from "../report-options";
import { cannotRun, emptySection, overloadBlocks } from "./cannot-run";
import { cell } from "./fact";
import { loadPlots } from "./load-curve";

/** The three latencies that vLLM measures itself, against their targets. */
export function latencySection(plan: Plan, details: ReportDetails): Section {
  if (cannotRun(plan)) return emptySection("latency", "Latency against targets");
  const overload = overloadBlocks(plan);
  return {
    id: "latency",
    title: "Latency against targets",
    blocks: [
      ...(overload.length > 0 ? overload : [latencyTable(plan), meanings]),
      ...loadPlots(plan, details.loadCurve ?? []),
    ],
  };
}

const MEANINGS: readonly (readonly [keyof PlanLatency, string, string])[] = [
  [
    "prefill",
    "Prefill",
    "Prefill is the time from being scheduled to the first token, as vLLM measures it in request_prefill_time_seconds.",
  ],
  [
    "firstToken",
    "First token",
    "First token is the time from the arrival of a request to its first token, queueing included (time_to_first_token_seconds).",
  ],
  [
    "decode",
    "Decode",
    "Decode is every gap between two tokens of a request, and other prompts that are read in between lengthen it (inter_token_latency_seconds).",
  ],
];

const WORDS: readonly string[] = [
  "p50 is the median, and 99 of 100 values stay below p99. Eight of ten true values are expected inside the 80 % band.",
];

const meanings: Block = {
  kind: "list",
  items: [...MEANINGS.map(([, , meaning]) => meaning), ...WORDS].map((text) => cell(text)),
};

function latencyTable(plan: Plan): Block {
  const rows = MEANINGS.flatMap(([quantity, label]) => {
    const latency = plan.latency[quantity];
    const target = plan.deployment.slo[quantity];
    return [row(`${label} p50`, target.p50Ms, p50(latency)), row(`${label} p99`, target.p99Ms, p99(latency))];
  });
  return {
    kind: "table",
    caption: "Predicted latency in steady state",
    columns: [
      { title: "quantity" },
      { title: "target", align: "right" },
      { title: "predicted", align: "right" },
      { title: "80 % band", align: "right" },
      { title: "margin", align: "right" },
      { title: "verdict" },
    ],
    rows,
    figures: MEANINGS.flatMap(([quantity]) =>
      (["p50Ms", "p99Ms", "p50LowMs", "p50HighMs", "p99LowMs", "p99HighMs"] as const).map(
        (name) => `latency.${quantity}.${name}` as const,
      ),
    ),
  };
}

interface Banded {
  readonly ms: number;
  readonly lowMs: number;
  readonly highMs: number;
}

const p50 = (latency: BandedLatency): Banded => ({
  ms: latency.p50Ms,
  lowMs: latency.p50LowMs,
  highMs: latency.p50HighMs,
});

const p99 = (latency: BandedLatency): Banded => ({
  ms: latency.p99Ms,
  lowMs: latency.p99LowMs,
  highMs: latency.p99HighMs,
});

function row(label: string, targetMs: number, predicted: Banded): readonly Cell[] {
  const known = Number.isFinite(predicted.ms);
  const holds = known && predicted.ms <= targetMs;
  const certain = holds && predicted.highMs <= targetMs;
  const verdict = holds ? (certain ? "✓ met" : "✓ met, band crosses") : "✗ not met";
  return [
    cell(label),
    cell(`<= ${milliseconds(targetMs)}`),
    cell(milliseconds(predicted.ms), "strong"),
    cell(known ? band(predicted.lowMs, predicted.highMs, milliseconds) : "-"),
    cell(known ? marginWithUnit(targetMs - predicted.ms, "ms") : "-"),
    cell(verdict, holds ? (certain ? "good" : "warn") : "bad"),
  ];
}
