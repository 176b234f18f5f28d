import * as Plot from "@observablehq/plot";
import { milliseconds, significant } from "../../format-number";
import type { Chart } from "../../report-document";
import { type Canvas, drawSvg } from "./draw-svg";

type Load = Extract<Chart, { kind: "load" }>;

const COLORS = ["var(--part-0)", "var(--part-1)"] as const;

/** Percentiles against request rate on a logarithmic scale: a queue that grows leaves any linear one. */
export function loadPlot({ quantity, series, requestRate, kneeRate }: Load, canvas: Canvas): string {
  const limits = [...new Set(series.flatMap(({ limitMs }) => limitMs ?? []))];
  const rules = [
    { rate: requestRate, text: `asked: ${significant(requestRate)}/s`, color: "var(--ink)", dash: "1 3" },
    { rate: kneeRate, text: `targets hold to ${significant(kneeRate)}/s`, color: "var(--bad)", dash: "none" },
  ];
  const most = Math.max(
    ...rules.map(({ rate }) => rate),
    ...series.flatMap(({ points }) => points.map((point) => point.requestRate)),
  );
  return drawSvg(canvas, {
    height: Math.min(330, canvas.width * 0.8),
    marginLeft: 60,
    marginRight: 40,
    marginTop: 44,
    grid: true,
    marginBottom: 44,
    x: { label: "requests/s", nice: true, zero: true, labelAnchor: "center", labelArrow: "none" },
    y: { label: quantity, type: "log", tickFormat: milliseconds, ticks: 4, nice: true },
    marks: [
      Plot.ruleY(limits, { stroke: "var(--bad)", strokeDasharray: "6 3" }),
      Plot.text(limits, {
        y: (limit: number) => limit,
        text: (limit: number) => `target ${milliseconds(limit)}`,
        frameAnchor: "left",
        textAnchor: "start",
        dy: -8,
        dx: 4,
        fill: "var(--bad)",
      }),
      ...rules.flatMap(({ rate, text, color, dash }, index) => [
        Plot.ruleX([rate], { stroke: color, strokeDasharray: dash }),
        Plot.text([rate], {
          x: (value: number) => value,
          text: () => text,
          frameAnchor: "top",
          // Near an edge a label in the middle would run over the axis or out of the drawing.
          textAnchor: rate < 0.15 * most ? "start" : rate > 0.85 * most ? "end" : "middle",
          dy: -26 + 14 * index,
          fill: color,
        }),
      ]),
      ...series.flatMap(({ name, points }, index) => [
        Plot.line(points, {
          x: "requestRate",
          y: "ms",
          stroke: COLORS[index] ?? COLORS[0],
          strokeWidth: 2.2,
        }),
        Plot.dot(points, { x: "requestRate", y: "ms", fill: COLORS[index] ?? COLORS[0], r: 2.5 }),
        Plot.text(points.slice(-1), {
          x: "requestRate",
          y: "ms",
          text: () => name,
          dx: 8,
          dy: index === 0 ? 7 : -7,
          textAnchor: "start",
          fontWeight: 600,
          fill: COLORS[index] ?? COLORS[0],
        }),
      ]),
    ],
  });
}
