import { breakCommand } from "../break-command";
import type { Block, Section } from "../report-document";
import { stageTitle } from "../terminal/draw-division";
import { escapeHtml, textHtml } from "./escape-html";
import { factTable, htmlTable, stackedTable } from "./html-table";
import { chartLegend, drawChart, type LegendEntry } from "./plots/draw-chart";

/** Widths that drawings are made for: the page's column, and a phone. The style shows one of the two. */
const WIDE = 880;
const HALF = 464;
const NARROW = 350;
const COMMAND_WIDTH = 96;

type Of<K extends Block["kind"]> = Extract<Block, { kind: K }>;

/** The blocks of a section as HTML; plots over the same rates stand side by side where the screen is wide enough. */
export function blocksHtml(section: Section): string {
  const loads = section.blocks.filter(isLoad);
  if (loads.length < 2) return section.blocks.map((block) => htmlBlock(block, section)).join("\n");
  const pair = `<div class="pair">${loads.map((block) => plot(block, HALF)).join("\n")}</div>`;
  return section.blocks
    .flatMap((block) => (block === loads[0] ? [pair] : isLoad(block) ? [] : [htmlBlock(block, section)]))
    .join("\n");
}

const isLoad = (block: Block): block is Of<"plot"> => block.kind === "plot" && block.chart.kind === "load";

function htmlBlock(block: Block, section: Section): string {
  switch (block.kind) {
    case "text":
      return `<p${block.tone === undefined ? "" : ` class="${block.tone}"`}>${textHtml(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map(({ text, tone }) => `<li${tone === undefined ? "" : ` class="${tone}"`}>${textHtml(text)}</li>`).join("")}</ul>`;
    case "facts":
      return factTable(block.facts, section.title);
    case "table":
      return table(block, section);
    case "code":
      return `<h3>${escapeHtml(block.title)}</h3><pre><code>${escapeHtml(commandText(block.text))}</code></pre>`;
    case "bar":
      return bar(block);
    case "division":
      return division(block);
    case "plot":
      return plot(block, WIDE);
  }
}

function table(block: Of<"table">, { title }: Section): string {
  const caption = block.caption ?? title;
  if (!block.folded) return stackedTable(block, caption, title);
  return `<details class="fold-away"><summary>${textHtml(caption)}</summary>${stackedTable(block, caption, caption)}</details>`;
}

const commandText = (text: string): string =>
  text
    .split("\n")
    .flatMap((line) => breakCommand(line, COMMAND_WIDTH))
    .join("\n");

function bar({ title, parts, limit }: Of<"bar">): string {
  const share = (value: number) => `${(100 * Math.min(1, Math.max(0, value))).toFixed(2)}%`;
  const spans = parts.map(
    (part, index) => `<span style="width:${share(part.share)};background:var(--part-${index})"></span>`,
  );
  const words = `${title}: ${parts.map((part) => `${part.label} ${part.text}`).join(", ")}; ${limit.text}`;
  const at = share(limit.share);
  return [
    `<figure><figcaption>${escapeHtml(title)}</figcaption>`,
    `<div class="bar" role="img" aria-label="${escapeHtml(words)}">${spans.join("")}`,
    `<b style="left:${at}"></b><em style="left:${at};transform:translateX(-${at})">${escapeHtml(limit.text)}</em></div>`,
    legend(
      parts.map((part, index) => ({ text: `${part.label} ${part.text}`, color: `var(--part-${index})` })),
    ),
    "</figure>",
  ].join("");
}

function legend(entries: readonly LegendEntry[]): string {
  if (entries.length === 0) return "";
  const items = entries.map(({ text, color, mark }) => {
    const sign = color === undefined ? `${mark ?? ""} ` : `<i style="background:${color}"></i>`;
    return `<li>${sign}${escapeHtml(text)}</li>`;
  });
  return `<ul class="legend">${items.join("")}</ul>`;
}

function division({ stages }: Of<"division">): string {
  const severalNodes = new Set(stages.flatMap(({ shards }) => shards.map(({ node }) => node))).size > 1;
  return stages
    .map((stage) => {
      const gpus = stage.shards.map(({ gpu, node, text }) => {
        const host = severalNodes ? `<small>host ${node}</small>` : "";
        return `<li>GPU ${gpu}${host}<small>shard ${escapeHtml(text)}</small></li>`;
      });
      return `<div class="stage"><p>${escapeHtml(stageTitle(stage))}</p><ul class="gpus">${gpus.join("")}</ul></div>`;
    })
    .join("");
}

function plot(block: Of<"plot">, width: number): string {
  const title = `${block.title}. ${block.summary}`;
  return [
    `<figure id="${block.id}"><figcaption>${escapeHtml(block.title)}<p>${textHtml(block.summary)}</p></figcaption>`,
    `<div class="wide">${drawChart(block.chart, { width, title })}</div>`,
    `<div class="narrow">${drawChart(block.chart, { width: NARROW, title })}</div>`,
    legend(chartLegend(block.chart)),
    `<details><summary>The same as a table</summary>${htmlTable(block.table, block.title)}</details></figure>`,
  ].join("");
}
