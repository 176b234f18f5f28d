import type { LoadPoint, Plan } from "../../strategy";
import { milliseconds, plain, rateText, significant } from "../format-number";
import type { Block, LoadSeries, Table } from "../report-document";
import { cell } from "./fact";

interface Percentiles {
  readonly id: string;
  readonly quantity: string;
  readonly limits: { readonly p50Ms: number; readonly p99Ms: number };
  readonly p50: (point: LoadPoint) => number;
  readonly p99: (point: LoadPoint) => number;
}

/** First token and decode percentiles against request rate, with targets and knee. Empty without a load curve. */
export function loadPlots(plan: Plan, curve: readonly LoadPoint[]): readonly Block[] {
  if (curve.length === 0) return [];
  const { slo } = plan.deployment;
  const quantities: readonly Percentiles[] = [
    {
      id: "first-token-by-rate",
      quantity: "Time to first token",
      limits: slo.firstToken,
      p50: (point) => point.firstTokenP50Ms,
      p99: (point) => point.firstTokenP99Ms,
    },
    {
      id: "decode-by-rate",
      quantity: "Inter-token latency",
      limits: slo.decode,
      p50: (point) => point.decodeP50Ms,
      p99: (point) => point.decodeP99Ms,
    },
  ];
  return quantities.map((percentiles) => loadPlot(plan, curve, percentiles));
}

function loadPlot(plan: Plan, curve: readonly LoadPoint[], percentiles: Percentiles): Block {
  const { requestRate, sustainableRequestRate: kneeRate } = plan.throughput;
  const { quantity, limits } = percentiles;
  const series = (name: string, limitMs: number, of: (point: LoadPoint) => number): LoadSeries => ({
    name,
    limitMs,
    points: curve
      .map((point) => ({ requestRate: point.requestRate, ms: of(point) }))
      .filter(({ ms }) => Number.isFinite(ms)),
  });
  return {
    kind: "plot",
    id: percentiles.id,
    title: `${quantity} against request rate`,
    summary: `${quantity}, median and 99th percentile, with their targets. Every target holds up to ${rateText(kneeRate)}; the plan is asked for ${plain(requestRate)}.${earlierMiss(curve, percentiles, kneeRate)}`,
    chart: {
      kind: "load",
      quantity,
      series: [series("p50", limits.p50Ms, percentiles.p50), series("p99", limits.p99Ms, percentiles.p99)],
      requestRate,
      kneeRate,
    },
    table: loadTable(curve, percentiles),
  };
}

/** The search for the highest rate tries many rates briefly; the curve's longer runs may see a tail that it did not. */
function earlierMiss(curve: readonly LoadPoint[], percentiles: Percentiles, kneeRate: number): string {
  const first = curve.find((point) => !holds(point, percentiles));
  if (first === undefined || first.requestRate >= kneeRate) return "";
  return ` That rate is the edge, since in the longer simulation of this curve a target is missed at ${significant(first.requestRate)} already.`;
}

const holds = (point: LoadPoint, { p50, p99, limits }: Percentiles): boolean =>
  point.stable && p50(point) <= limits.p50Ms && p99(point) <= limits.p99Ms;

function loadTable(curve: readonly LoadPoint[], percentiles: Percentiles): Table {
  const { p50, p99 } = percentiles;
  return {
    columns: [
      { title: "requests/s", align: "right" },
      { title: "p50", align: "right" },
      { title: "p99", align: "right" },
      { title: "verdict" },
    ],
    rows: curve.map((point) => {
      const held = holds(point, percentiles);
      const verdict = point.stable ? (held ? "✓" : "✗ beyond target") : "✗ queue grows";
      return [
        cell(significant(point.requestRate)),
        cell(point.stable ? milliseconds(p50(point)) : "-"),
        cell(point.stable ? milliseconds(p99(point)) : "-"),
        cell(verdict, held ? "good" : "bad"),
      ];
    }),
  };
}
