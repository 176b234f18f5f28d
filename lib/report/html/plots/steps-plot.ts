import * as Plot from "@observablehq/plot";
import { percent } from "../../format-number";
import type { Chart } from "../../report-document";
import { type Canvas, drawSvg } from "./draw-svg";
import { partColors } from "./part-colors";

type Steps = Extract<Chart, { kind: "steps" }>;

/** A decode and a prefill step as bars of the same length; percentages stand in the parts that have room. */
export function stepsPlot({ bars, parts }: Steps, canvas: Canvas): string {
  const names = [...new Set(bars.map(({ step }) => step))];
  const roomy = canvas.width > 500 ? 0.07 : 0.14;
  return drawSvg(canvas, {
    height: names.length * 64 + 66,
    marginLeft: 8,
    marginRight: 20,
    marginBottom: 44,
    x: {
      label: "share of the step",
      labelAnchor: "center",
      labelArrow: "none",
      tickFormat: (share: number) => percent(share).replace(".0", ""),
    },
    y: { axis: null, domain: names },
    color: { domain: [...parts], range: partColors(parts.length) },
    marks: [
      Plot.barX(bars, { x: "share", y: "step", fill: "part", insetTop: 24, insetBottom: 2 }),
      Plot.text(names, {
        y: (name: string) => name,
        text: (name: string) => name,
        frameAnchor: "left",
        textAnchor: "start",
        dy: -22,
        fontWeight: 600,
        fill: "var(--ink)",
      }),
      Plot.text(
        bars,
        Plot.stackX({
          x: "share",
          y: "step",
          text: ({ share }: Steps["bars"][number]) => (share >= roomy ? percent(share) : ""),
          dy: 10,
          fill: "var(--on-part)",
        }),
      ),
    ],
  });
}
