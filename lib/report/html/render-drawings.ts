import type { Block } from "../report-document";
import { escapeHtml } from "./escape-html";
import { PAGE_COLORS } from "./page-style";
import { drawChart } from "./plots/draw-chart";

type Drawing = Extract<Block, { kind: "plot" }>;

const WIDTH = 880;
const MARGIN = 20;
const TITLE = 30;

const STYLE = `${PAGE_COLORS}
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
.title { font-weight: 600; font-size: 15px; fill: var(--ink); } .plot { color: var(--quiet); }`;

/** Drawings below each other as one SVG file that needs nothing else, light and dark by the reader's setting. */
export function renderDrawings(drawings: readonly Drawing[]): string {
  let top = MARGIN;
  const parts = drawings.map(({ title, summary, chart }) => {
    const drawn = drawChart(chart, { width: WIDTH, title: `${title}. ${summary}` });
    const height = Number(/ height="([\d.]+)"/.exec(drawn)?.[1] ?? 0);
    const at = top + TITLE;
    top = at + height + MARGIN;
    return [
      `<text class="title" x="${MARGIN}" y="${at - 10}">${escapeHtml(title)}</text>`,
      drawn.replace("<svg ", `<svg x="${MARGIN}" y="${at}" `),
    ].join("\n");
  });
  const width = WIDTH + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}">`,
    `<style>\n${STYLE}\n</style>`,
    `<rect width="100%" height="100%" fill="var(--page)"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}
