import { citationsText } from "../citation-text";
import type { Cell, Citation, Column, Fact, Table } from "../report-document";
import { escapeHtml } from "./escape-html";

/** A table that scrolls sideways in itself where the page is narrower. */
export function htmlTable(table: Table, caption: string): string {
  const head = table.columns.map((column) => headCell(column)).join("");
  const body = table.rows.map(
    (row) => `<tr>${row.map((cell, i) => bodyCell(cell, table.columns[i], i)).join("")}</tr>`,
  );
  const sources = table.citations ?? [];
  return [
    `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(caption)}">`,
    `<table><caption>${escapeHtml(caption)}</caption>`,
    `<thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>`,
    sources.length === 0 ? "" : `<p class="sources">Sources: ${sources.map(citationLink).join(", ")}</p>`,
  ].join("");
}

/** A column without a title is marked as such: an empty header cell would be announced as one. */
function headCell({ title, align }: Column): string {
  const side = align === "right" ? ' class="right"' : "";
  return title === "" ? `<td${side}></td>` : `<th scope="col"${side}>${escapeHtml(title)}</th>`;
}

function bodyCell(cell: Cell, column: Column | undefined, index: number): string {
  const mark = /^[✓✗]/.test(cell.text) ? "mark" : "";
  const classes = [column?.align === "right" ? "right" : "", cell.tone ?? "", mark].filter(Boolean).join(" ");
  const attribute = classes === "" ? "" : ` class="${classes}"`;
  const text = escapeHtml(cell.text);
  return index === 0 ? `<th scope="row"${attribute}>${text}</th>` : `<td${attribute}>${text}</td>`;
}

/** Facts as a table of label, value with band and note, and source. */
export function factTable(facts: readonly Fact[], caption: string): string {
  const rows = facts.map((fact) => {
    const small = [fact.band ?? "", fact.note ?? ""].filter(Boolean).map(escapeHtml).join("; ");
    const figure = fact.figure === undefined ? "" : ` title="${escapeHtml(fact.figure)}"`;
    return [
      `<tr><th scope="row">${escapeHtml(fact.label)}</th>`,
      `<td class="value"${figure}>${escapeHtml(fact.value.text)}${small === "" ? "" : `<small>${small}</small>`}</td>`,
      `<td class="cite">${fact.citation === undefined ? "" : citationLink(fact.citation)}</td></tr>`,
    ].join("");
  });
  return `<table class="facts" aria-label="${escapeHtml(caption)}"><tbody>${rows.join("")}</tbody></table>`;
}

/** "derived [3]" with the number leading to the list of sources. */
const citationLink = (citation: Citation): string => {
  const text = citationsText([citation]).replace(/\[\d+\]$/, "");
  return `${text}<a href="#source-${citation.number}">[${citation.number}]</a>`;
};
