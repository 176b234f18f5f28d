import * as Plot from "@observablehq/plot";
import { milliseconds } from "../../format-number";
import type { Chart } from "../../report-document";
import { type Canvas, drawSvg } from "./draw-svg";

type Sweep = Extract<Chart, { kind: "sweep" }>;
type Point = Sweep["points"][number];

const ROW = 30;
/** Mean width of a letter of the axis, in pixels. */
const LETTER = 6.4;
/** A value far beyond its target must not squeeze the others: the scale ends at so many times the highest target. */
const WIDEST = 3;

/** Height of the drawing in pixels. */
export const sweepHeight = ({ points }: Sweep): number =>
  new Set(points.map(({ value }) => value)).size * ROW + 92;

/** One bar for each value of the key, with its target as a line across it. */
export function sweepPlot(sweep: Sweep, canvas: Canvas): string {
  const { key, points } = sweep;
  const limits = [...new Set(points.map(({ limitMs }) => limitMs))];
  const end = Math.min(
    1.15 * Math.max(...limits, ...points.map(({ ms }) => ms ?? 0)),
    WIDEST * Math.max(...limits),
  );
  const length = ({ ms }: Point) => Math.min(ms ?? 0, end);
  const holds = ({ ms, limitMs }: Point) => ms !== null && ms <= limitMs;
  return drawSvg(canvas, {
    height: sweepHeight(sweep),
    marginLeft: Math.max(92, 20 + LETTER * Math.max(...points.map(({ value }) => value.length))),
    marginRight: 130,
    marginTop: 44,
    marginBottom: 44,
    x: { label: "ms", domain: [0, end], grid: true, labelAnchor: "center", labelArrow: "none" },
    y: { label: key, domain: points.map(({ value }) => value), labelAnchor: "top", labelArrow: "none" },
    marks: [
      Plot.barX(points, {
        x: length,
        y: "value",
        fill: (point: Point) => (holds(point) ? "var(--part-0)" : "var(--bad)"),
        insetTop: 5,
        insetBottom: 5,
      }),
      Plot.tickX(points, { x: "limitMs", y: "value", stroke: "var(--ink)", strokeWidth: 2 }),
      Plot.text(points, {
        x: (point: Point) => Math.max(length(point), Math.min(point.limitMs, end)),
        y: "value",
        text: (point: Point) =>
          `${point.ms === null ? "overloaded" : milliseconds(point.ms)}${holds(point) ? "" : " ✗ misses"}`,
        textAnchor: "start",
        dx: 6,
        fill: "var(--ink)",
      }),
      Plot.text(limits.length === 1 ? limits : [], {
        x: (limit: number) => limit,
        text: (limit: number) => `target ${milliseconds(limit)}`,
        frameAnchor: "top",
        dy: -14,
        fill: "var(--ink)",
      }),
    ],
  });
}
