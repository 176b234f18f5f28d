import * as Plot from "@observablehq/plot";
import { percent } from "../../format-number";
import type { Chart } from "../../report-document";
import { type Canvas, drawSvg } from "./draw-svg";

type Timeline = Extract<Chart, { kind: "timeline" }>;
type Sample = Timeline["samples"][number];

/** Requests running and waiting, and below them the KV cache in use, on the same seconds. */
export function timelinePlot({ samples }: Timeline, canvas: Canvas): string {
  const lines: readonly (readonly ["running" | "waiting", string])[] = [
    ["running", "var(--part-0)"],
    ["waiting", "var(--part-1)"],
  ];
  const requests = drawSvg(
    { ...canvas, title: `${canvas.title}: requests running and waiting` },
    {
      height: 190,
      marginLeft: 52,
      marginRight: 60,
      grid: true,
      x: { label: null, tickFormat: () => "" },
      y: { label: "requests", zero: true, nice: true, ticks: 4 },
      marks: lines.flatMap(([quantity, color]) => [
        Plot.line(samples, { x: "second", y: quantity, stroke: color, strokeWidth: 2, curve: "step-after" }),
        Plot.text(samples.slice(-1), {
          x: "second",
          y: quantity,
          text: () => quantity,
          dx: 6,
          textAnchor: "start",
          fontWeight: 600,
          fill: color,
        }),
      ]),
    },
  );
  const cache = drawSvg(
    { ...canvas, title: `${canvas.title}: share of the KV cache in use` },
    {
      height: 145,
      marginLeft: 52,
      marginRight: 60,
      grid: true,
      marginBottom: 44,
      x: { label: "simulated second", labelAnchor: "center", labelArrow: "none" },
      y: {
        label: "KV cache in use",
        zero: true,
        nice: true,
        ticks: 3,
        tickFormat: (share: number) => percent(share).replace(".0", ""),
      },
      marks: [
        Plot.areaY(samples, { x: "second", y: "kvUsage", fill: "var(--part-3)", fillOpacity: 0.35 }),
        Plot.lineY(samples, {
          x: "second",
          y: ({ kvUsage }: Sample) => kvUsage,
          stroke: "var(--part-3)",
          strokeWidth: 2,
        }),
      ],
    },
  );
  return requests + cache;
}
