import * as Plot from "@observablehq/plot";
import { plain } from "../../format-number";
import type { Chart } from "../../report-document";
import { type Canvas, drawSvg } from "./draw-svg";
import { partColors } from "./part-colors";

type Memory = Extract<Chart, { kind: "memory" }>;

const ROW = 30;
/** Mean width of a letter of the axis, in pixels. */
const LETTER = 6.4;

/** One stacked bar per strategy; what goes beyond the limits does not fit. */
export function memoryPlot({ bars, parts, limits }: Memory, canvas: Canvas): string {
  const names = [...new Set(bars.map(({ gpu }) => gpu))];
  const whole = names.map((name) =>
    bars.filter(({ gpu }) => gpu === name).reduce((sum, { gigabytes }) => sum + gigabytes, 0),
  );
  const most = Math.max(...whole, ...limits.map(({ gigabytes }) => gigabytes));
  return drawSvg(canvas, {
    height: names.length * ROW + 92,
    marginLeft: Math.max(92, 20 + LETTER * Math.max(...names.map((name) => name.length))),
    marginTop: 44,
    marginBottom: 44,
    x: { label: "GB on one GPU", grid: true, labelAnchor: "center", labelArrow: "none" },
    y: { label: null, domain: names },
    color: { domain: [...parts], range: partColors(parts.length) },
    marks: [
      Plot.barX(bars, { x: "gigabytes", y: "gpu", fill: "part", insetTop: 3, insetBottom: 3 }),
      Plot.ruleX(limits, { x: "gigabytes", stroke: "var(--bad)", strokeWidth: 2, strokeDasharray: "5 3" }),
      ...limits.map((limit, index) =>
        Plot.text([limit], {
          x: "gigabytes",
          text: () => `${limit.label}: ${plain(limit.gigabytes)} GB`,
          frameAnchor: "top",
          textAnchor:
            limit.gigabytes < 0.15 * most ? "start" : limit.gigabytes > 0.85 * most ? "end" : "middle",
          dy: -28 + 15 * index,
          fill: "var(--bad)",
        }),
      ),
    ],
  });
}
