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
      ...states.map((state) =>
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
      Plot.text(named(points), {
        x,
        y,
        text: "label",
        dy: -14,
        fontWeight: 600,
        fill: "var(--ink)",
        stroke: "var(--page)",
        strokeWidth: 4,
      }),
    ],
  });
}

/** One name per place: replicas of the same strategy may fall onto one point. */
function named(points: readonly ParetoPoint[]): readonly ParetoPoint[] {
  const wanted = points.filter(({ state }) => state === "chosen" || state === "front");
  const near = (a: ParetoPoint, b: ParetoPoint) =>
    Math.abs(a.tokensPerSecondPerUser / b.tokensPerSecondPerUser - 1) < 0.06 &&
    Math.abs(a.tokensPerSecondPerGpu / b.tokensPerSecondPerGpu - 1) < 0.06;
  const order = [...wanted].sort((a, b) => Number(b.state === "chosen") - Number(a.state === "chosen"));
  return order.filter((point, index) => !order.slice(0, index).some((before) => near(point, before)));
}
