import { type BandedLatency, isRateDriven, type Plan } from "../../strategy";
import { band, milliseconds, percent, plain, rateText, significant } from "../format-number";
import { growthText, type Overload, overloadOf } from "../overload";
import type { Cell, Table } from "../report-document";
import { cell } from "../sections/fact";
import { missedOf, worstFirst } from "../worst-first";

/** A figure held against its target. */
interface KeyFigure {
  /** The check that holds it against its target. */
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly band?: string;
  readonly target: string;
  readonly holds: boolean;
}

/** The handful of figures that decide whether a plan is good and all that miss their targets, the worst of those first. */
export function keyFigures(plan: Plan): { readonly figures: Table; readonly missed: number } {
  const overload = overloadOf(plan);
  const load = overload === undefined ? [...latencies(plan), ...rate(plan)] : overloadFigures(plan, overload);
  const figures = missedFirst(plan, [...load, memory(plan), ...utilization(plan)]);
  const banded = figures.some(({ band: range }) => range !== undefined);
  const right = (title: string) => ({ title, align: "right" as const });
  const table: Table = {
    columns: [
      { title: "figure" },
      right("plan"),
      ...(banded ? [right("80 % band")] : []),
      right("target"),
      { title: "" },
    ],
    rows: figures.map(({ label, value, band: range = "", target, holds }): readonly Cell[] => [
      cell(label),
      cell(value, "strong"),
      ...(banded ? [cell(range)] : []),
      cell(target),
      holds ? cell("✓", "good") : cell("✗", "bad"),
    ]),
  };
  return { figures: table, missed: figures.filter(({ holds }) => !holds).length };
}

/** Every missed figure, worst first, before those that hold. A strategy that cannot run has reasons instead of figures. */
function missedFirst(plan: Plan, figures: readonly KeyFigure[]): readonly KeyFigure[] {
  const others =
    plan.chosen.feasible && overloadOf(plan) === undefined
      ? missedOf(
          plan,
          figures.map(({ id }) => id),
        )
      : [];
  const order = worstFirst(plan).map(({ check }) => check);
  const place = ({ id }: KeyFigure) => order.indexOf(id);
  const missed = [
    ...figures.filter(({ holds }) => !holds),
    ...others.map((each) => ({ ...each, holds: false })),
  ];
  return [...missed.sort((a, b) => place(a) - place(b)), ...figures.filter(({ holds }) => holds)];
}

function latencies(plan: Plan): readonly KeyFigure[] {
  if (!plan.chosen.feasible) return [];
  const { slo, workload } = plan.deployment;
  const figure = (
    id: string,
    label: string,
    latency: BandedLatency,
    targetMs: number,
  ): readonly KeyFigure[] =>
    Number.isFinite(latency.p99Ms)
      ? [
          {
            id,
            label,
            value: milliseconds(latency.p99Ms),
            band: band(latency.p99LowMs, latency.p99HighMs, milliseconds),
            target: `<= ${milliseconds(targetMs)}`,
            holds: latency.p99Ms <= targetMs,
          },
        ]
      : [];
  // Work that is all there at once waits for its turn by intention: its first token has no target.
  return [
    ...(workload.arrivals === "offline"
      ? []
      : figure("first-token-p99", "First token p99", plan.latency.firstToken, slo.firstToken.p99Ms)),
    // Outputs of one token have no gaps.
    ...figure("decode-p99", "Decode p99", plan.latency.decode, slo.decode.p99Ms),
  ];
}

function rate(plan: Plan): readonly KeyFigure[] {
  if (!plan.chosen.feasible) return [];
  const { requestRate, sustainableRequestRate } = plan.throughput;
  if (!isRateDriven(plan)) {
    return [
      {
        id: "request-rate",
        label: "Served",
        value: rateText(requestRate),
        target: "",
        holds: true,
      },
    ];
  }
  return [
    {
      id: "request-rate",
      label: "Sustainable rate",
      value: `${significant(sustainableRequestRate)}/s`,
      target: `>= ${plain(requestRate)}/s`,
      holds: sustainableRequestRate >= requestRate,
    },
  ];
}

function overloadFigures(plan: Plan, overload: Overload): readonly KeyFigure[] {
  const served = {
    id: "request-rate",
    label: "Served at most",
    value: `${significant(overload.mostRequestRate)}/s`,
    target: `>= ${plain(plan.throughput.requestRate)}/s`,
    holds: false,
  };
  const growth = `${growthText(overload)}/min`;
  return [
    served,
    { id: "request-rate", label: "Queue grows by", value: growth, target: "0 requests/min", holds: false },
  ];
}

function memory({ memoryPerGpu, deployment }: Plan): KeyFigure {
  const limit = deployment.envelope.maxMemoryFraction;
  return {
    id: "memory-fraction",
    label: "Memory demand",
    value: percent(memoryPerGpu.demandFraction),
    target: `<= ${percent(limit)}`,
    holds: memoryPerGpu.demandFraction <= limit,
  };
}

/** Share of what the GPUs can serve that is asked of them; nothing where traffic adapts or nothing runs. */
function utilization(plan: Plan): readonly KeyFigure[] {
  const { gpuUtilization } = plan.balance;
  if (!isRateDriven(plan) || !Number.isFinite(gpuUtilization)) return [];
  const limit = plan.deployment.envelope.gpuUtilizationTarget;
  return [
    {
      id: "gpu-utilization",
      label: "GPU utilisation",
      value: percent(gpuUtilization),
      target: `<= ${percent(limit)}`,
      holds: gpuUtilization <= limit,
    },
  ];
}
