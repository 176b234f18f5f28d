import { inBackticks } from "../../config";
import { breakCommand } from "../break-command";
import { citationsText, citationText } from "../citation-text";
import type { Block, Cell, Fact, ReportDocument, Table } from "../report-document";
import { drawBar } from "./draw-bar";
import { drawDivision } from "./draw-division";
import { drawPareto } from "./draw-pareto";
import { type Paint, painter } from "./paint";
import { textTable } from "./text-table";
import { wrapText } from "./wrap-text";

export interface TerminalOptions {
  readonly color: boolean;
  readonly width: number;
}

const NARROWEST = 60;

/** The document for a terminal: plain lines, at most `width` columns wide (commands excepted). */
export function renderTerminal(document: ReportDocument, options: TerminalOptions): string {
  const width = Math.max(NARROWEST, options.width);
  const paint = painter(options.color);
  const { text, tone } = document.verdict;
  const lines = [
    ...wrapText(document.title, width).map((line) => paint(line, "title")),
    ...wrapText(document.subtitle, width),
    ...wrapText(text, width).map((line) => paint(line, tone)),
    ...(document.highlights.length === 0 ? [] : ["", ...factLines(document.highlights, width, paint)]),
    ...document.sections.flatMap((section) => [
      "",
      paint(`── ${section.title} ${"─".repeat(Math.max(0, width - section.title.length - 4))}`, "title"),
      ...section.blocks.flatMap((block, index) => [
        ...(index === 0 ? [] : [""]),
        ...renderBlock(block, section.title, { width, paint }),
      ]),
    ]),
    ...sourceLines(document, width, paint),
    "",
  ];
  return lines.join("\n");
}

interface Terminal {
  readonly width: number;
  readonly paint: Paint;
}

function renderBlock(block: Block, title: string, { width, paint }: Terminal): readonly string[] {
  switch (block.kind) {
    case "text":
      return wrapText(block.text, width).map((line) => paint(line, block.tone));
    case "list":
      return block.items.flatMap((item) => bullet(item, width, paint));
    case "facts":
      return factLines(block.facts, width, paint);
    case "table":
      return [...caption(block, title, paint), ...tableLines(block, width, paint)];
    case "code":
      return [paint(`${block.title}:`, "strong"), ...codeLines(block.text, width)];
    case "bar":
      return drawBar(block, width, paint);
    case "division":
      return drawDivision(block.stages, width);
    case "plot":
      return plotLines(block, width, paint);
  }
}

/** A caption that repeats the section's title is for readers who hear the table, not for those who see it below. */
const caption = (
  { caption: text }: Extract<Block, { kind: "table" }>,
  title: string,
  paint: Paint,
): readonly string[] => (text === undefined || text === title ? [] : [paint(text, "strong")]);

function bullet(item: Cell, width: number, paint: Paint): readonly string[] {
  return wrapText(item.text, width - 2).map(
    (line, index) => `${index === 0 ? "- " : "  "}${paint(line, item.tone)}`,
  );
}

/** Label, value with band and note, and at the end how the figure is known. */
function factLines(facts: readonly Fact[], width: number, paint: Paint): readonly string[] {
  const rows = facts.map((fact): readonly Cell[] => [
    { text: fact.label },
    {
      text: [fact.value.text, ...aside(fact)].join("  "),
      ...(fact.value.tone === undefined ? {} : { tone: fact.value.tone }),
    },
    { text: fact.citation === undefined ? "" : citationText(fact.citation), tone: "quiet" },
  ]);
  const columns = [{ title: "" }, { title: "" }, { title: "", align: "right" as const }];
  return textTable({ columns, rows, width }, paint);
}

function aside({ band, note }: Fact): readonly string[] {
  const text = [band, note].filter((part) => part !== undefined).join("; ");
  return text === "" ? [] : [`(${text})`];
}

function tableLines(table: Table, width: number, paint: Paint): readonly string[] {
  const sources = citationsText(table.citations);
  return [
    ...textTable({ columns: table.columns, rows: table.rows, width }, paint),
    ...(sources === "" ? [] : [paint(`sources: ${sources}`, "quiet")]),
  ];
}

/** A plot as its drawing where a terminal can draw it, else as its table. */
function plotLines(plot: Extract<Block, { kind: "plot" }>, width: number, paint: Paint): readonly string[] {
  const { chart } = plot;
  if (chart.kind === "timeline") return wrapText(`${plot.title}: ${plot.summary}`, width);
  const body =
    chart.kind === "pareto" ? drawPareto(chart, width, paint) : tableLines(plot.table, width, paint);
  return [paint(plot.title, "strong"), ...body];
}

/** Commands break only between arguments, with a backslash, so that they can be pasted. */
function codeLines(text: string, width: number): readonly string[] {
  return text.split("\n").flatMap((line) => breakCommand(line, width - 2).map((part) => `  ${part}`));
}

function sourceLines(document: ReportDocument, width: number, paint: Paint): readonly string[] {
  if (document.sources.length === 0) return [];
  const title = "Sources of the figures";
  return [
    "",
    paint(`── ${title} ${"─".repeat(Math.max(0, width - title.length - 4))}`, "title"),
    ...document.sources.flatMap(({ number, text }) =>
      wrapText(text, width - 6).map(
        (line, index) => `${(index === 0 ? `[${number}]` : "").padEnd(5)} ${line}`,
      ),
    ),
    "",
    ...wrapText(
      `${inBackticks("explain <figure>")} shows formula and inputs of any figure, ${inBackticks("glossary")} what the words mean.`,
      width,
    ),
  ];
}
