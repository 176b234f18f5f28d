import * as Plot from "@observablehq/plot";
import type { Chart, ParetoPoint } from "../../report-document";
import { type Canvas, drawSvg } from "./draw-svg";

type Pareto = Extract<Chart, { kind: "pareto" }>;

const LOOK = {
  chosen: { symbol: "diamond2", size: 8, fill: "var(--accent)", stroke: "var(--accent)" },
  front: { symbol: "circle", size: 5, fill: "var(--ink)", stroke: "var(--ink)" },
  meets: { symbol: "circle", size: 5, fill: "none", stroke: "var(--ink)" },
  misses: { symbol: "times", size: 4, fill: "none", stroke: "var(--quiet)" },
} as const;

/** Speed per user to the right, throughput per GPU upwards, the front as a line, names at those that matter. */
export function paretoPlot({ points, front }: Pareto, canvas: Canvas): string {
  const x = (point: ParetoPoint) => point.tokensPerSecondPerUser;
  const y = (point: ParetoPoint) => point.tokensPerSecondPerGpu;
  const states = Object.keys(LOOK) as readonly ParetoPoint["state"][];
  return drawSvg(canvas, {
    height: Math.min(380, canvas.width * 0.75),
    marginLeft: 56,
    marginRight: 40,
    grid: true,
    inset: 22,
    marginBottom: 44,
    x: { label: "tokens/s per user", nice: true, labelAnchor: "center", labelArrow: "none" },
    y: { label: "tokens/s per GPU", nice: true },
    marks: [
      Plot.line(front, { x, y, stroke: "var(--quiet)", strokeDasharray: "4 3" }),
      // The plan last: no other mark lies on its own.
      ...states.toReversed().map((state) =>
        Plot.dot(
          points.filter((point) => point.state === state),
          {
            x,
            y,
            symbol: LOOK[state].symbol,
            r: LOOK[state].size,
            fill: LOOK[state].fill,
            stroke: LOOK[state].stroke,
            strokeWidth: 1.8,
            title: "label",
          },
        ),
      ),
      ...(["chosen", "front", "meets", "misses"] as const).map((state) =>
        Plot.text(
          named(points, canvas.width).filter((point) => point.state === state),
          {
            x,
            y,
            text: "label",
            dy: -14,
            fontWeight: state === "chosen" || state === "front" ? 600 : 400,
            fill: state === "misses" ? "var(--quiet)" : "var(--ink)",
            stroke: "var(--page)",
            strokeWidth: 4,
          },
        ),
      ),
    ],
  });
}

/**
 * Names that have room: the plan first, then the front, then the others; one whose place is taken is left out (its
 * mark still tells on hovering, and the table holds all).
 */
function named(points: readonly ParetoPoint[], width: number): readonly ParetoPoint[] {
  const roomX = (span(points, (point) => point.tokensPerSecondPerUser) * 90) / width;
  const roomY = span(points, (point) => point.tokensPerSecondPerGpu) * 0.1;
  const near = (a: ParetoPoint, b: ParetoPoint) =>
    Math.abs(a.tokensPerSecondPerUser - b.tokensPerSecondPerUser) < roomX &&
    Math.abs(a.tokensPerSecondPerGpu - b.tokensPerSecondPerGpu) < roomY;
  const states = Object.keys(LOOK);
  const order = [...points].sort((a, b) => states.indexOf(a.state) - states.indexOf(b.state));
  return order.filter((point, index) => !order.slice(0, index).some((before) => near(point, before)));
}

function span(points: readonly ParetoPoint[], of: (point: ParetoPoint) => number): number {
  const values = points.map(of);
  return Math.max(...values) - Math.min(...values);
}
