import type { PlotOptions } from "@observablehq/plot";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

/** What the library returns, as far as it is used here. */
interface SvgElement {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
}

/** Size and accessible text of one drawing. */
export interface Canvas {
  /** Width in CSS pixels; drawings are made for the width they are shown at, so that labels stay readable. */
  readonly width: number;
  readonly title: string;
}

/** Its types promise a window of a browser; what it returns is a plain object with a document. */
const page = parseHTML("<html><body></body></html>") as unknown as {
  readonly document: PlotOptions["document"];
};

/** Draws a plot to an SVG text on the server: no browser, no network, colours by CSS variables of the page. */
export function drawSvg(canvas: Canvas, options: PlotOptions): string {
  const svg: SvgElement = Plot.plot({
    ...options,
    document: page.document,
    width: canvas.width,
    className: "plot",
    style: { fontSize: "12px", background: "none" },
  });
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", canvas.title);
  return withoutStyle(svg.outerHTML).replaceAll(PART_LABEL, "").replaceAll(LONG_FRACTION, "$1");
}

/** The page styles the drawings itself; the library's own block would set a white background variable per drawing. */
const withoutStyle = (svg: string): string => svg.replace(/<style>.*?<\/style>/s, "");

/** The library labels groups inside the drawing; a picture with one name may hold no further labels (axe-core). */
const PART_LABEL = /(?<=<g[^>]*)\saria-label="[^"]*"/g;

/** Coordinates to a hundredth of a pixel: half the size, nothing to see. */
const LONG_FRACTION = /(\d\.\d\d)\d+/g;
