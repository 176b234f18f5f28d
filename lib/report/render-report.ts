import type { Plan } from "../strategy";
import { buildReport } from "./build-report";
import { planCommands } from "./json/plan-commands";
import { planJson } from "./json/plan-json";
import { renderMarkdown } from "./markdown/render-markdown";
import type { Block, ReportDocument, ReportFormat } from "./report-document";
import type { ReportOptions } from "./report-options";
import { renderTerminal } from "./terminal/render-terminal";

/**
 * The report of a plan in one of four formats. Pure and deterministic.
 * HTML loads a plotting library on first use (about half a second); the other formats do not.
 */
export function renderReport(plan: Plan, format: ReportFormat, options: ReportOptions): string {
  if (format === "json") return `${JSON.stringify(planJson(plan, planCommands(plan), options), null, 2)}\n`;
  return renderDocument(buildReport(plan, options, options.sections), format, options);
}

/** A document in one of the text formats. */
export function renderDocument(
  document: ReportDocument,
  format: Exclude<ReportFormat, "json">,
  options: ReportOptions,
): string {
  switch (format) {
    case "terminal":
      return renderTerminal(document, options);
    case "md":
      return renderMarkdown(document);
    case "html":
      return renderHtml(document);
  }
}

/** Plots below each other as one SVG file. */
export const renderDrawings = (drawings: readonly Extract<Block, { kind: "plot" }>[]): string =>
  htmlRenderer().renderDrawings(drawings);

const renderHtml = (document: ReportDocument): string => htmlRenderer().renderHtml(document);

/** Loaded only when asked for: the plotting library must not slow down the other formats. */
function htmlRenderer(): typeof import("./html/render-html") {
  return require("./html/render-html");
}
