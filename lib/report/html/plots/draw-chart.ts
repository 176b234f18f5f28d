import type { Chart } from "../../report-document";
import type { Canvas } from "./draw-svg";
import { loadPlot } from "./load-plot";
import { memoryPlot } from "./memory-plot";
import { paretoPlot } from "./pareto-plot";
import { stepsPlot } from "./steps-plot";
import { sweepPlot } from "./sweep-plot";
import { timelinePlot } from "./timeline-plot";

/** A chart as SVG text. */
export function drawChart(chart: Chart, canvas: Canvas): string {
  switch (chart.kind) {
    case "pareto":
      return paretoPlot(chart, canvas);
    case "load":
      return loadPlot(chart, canvas);
    case "memory":
      return memoryPlot(chart, canvas);
    case "steps":
      return stepsPlot(chart, canvas);
    case "sweep":
      return sweepPlot(chart, canvas);
    case "timeline":
      return timelinePlot(chart, canvas);
  }
}

/** Legend entries of a chart: text and colour or mark. Lines that carry their name need none. */
export function chartLegend(chart: Chart): readonly LegendEntry[] {
  switch (chart.kind) {
    case "memory":
    case "steps":
      return chart.parts.map((text, index) => ({ text, color: `var(--part-${index % 8})` }));
    case "pareto":
      return [
        { text: "this plan", mark: "◆" },
        { text: "meets every target, on the front", mark: "●" },
        { text: "meets every target", mark: "○" },
        { text: "misses a target", mark: "×" },
      ];
    case "load":
    case "sweep":
    case "timeline":
      return [];
  }
}

export interface LegendEntry {
  readonly text: string;
  readonly color?: string;
  readonly mark?: string;
}
