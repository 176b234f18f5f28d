import { citationsText } from "../citation-text";
import type { Cell, Citation, Column, Fact, Table } from "../report-document";
import { escapeHtml, textHtml } from "./escape-html";

/** A table that scrolls sideways in itself where the page is narrower. */
export function htmlTable(table: Table, caption: string): string {
  const rows = table.rows.map(
    (row) => `<tr>${row.map((cell, i) => bodyCell(cell, table.columns[i], i)).join("")}</tr>`,
  );
  return [
    `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(caption)}">`,
    `<table><caption>${textHtml(caption)}</caption>`,
    `<thead><tr>${headCells(table)}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
    sourcesLine(table),
  ].join("");
}

/**
 * A table whose rows a phone shows as cards, each cell beside its column's title: nothing is cut off and nothing has to
 * be scrolled. A caption that repeats the heading above is for those who hear the table only. The roles keep it a table for screen readers where the style takes that from its elements.
 */
export function stackedTable(table: Table, caption: string, heading: string): string {
  const seen = caption === heading ? ' class="unseen"' : "";
  const rows = table.rows.map((row) => {
    const cells = row.map((cell, i) => bodyCell(cell, table.columns[i], i, true));
    return `<tr role="row">${cells.join("")}</tr>`;
  });
  return [
    `<table class="stack" role="table"><caption${seen}>${textHtml(caption)}</caption>`,
    `<thead role="rowgroup"><tr role="row">${headCells(table, true)}</tr></thead>`,
    `<tbody role="rowgroup">${rows.join("")}</tbody></table>`,
    sourcesLine(table),
  ].join("");
}

const sourcesLine = ({ citations = [] }: Table): string =>
  citations.length === 0 ? "" : `<p class="sources">Sources: ${citations.map(citationLink).join(", ")}</p>`;

/** A column without a title is marked as such: an empty header cell would be announced as one. */
const headCells = ({ columns }: Table, roles = false): string =>
  columns
    .map(({ title, align }) => {
      const side = align === "right" ? ' class="right"' : "";
      const role = (name: string) => (roles ? ` role="${name}"` : "");
      return title === ""
        ? `<td${role("cell")}${side}></td>`
        : `<th scope="col"${role("columnheader")}${side}>${escapeHtml(title)}</th>`;
    })
    .join("");

/** Figures stay on one line; a sentence among them may not. */
const LONGEST_UNBROKEN = 26;

function bodyCell(cell: Cell, column: Column | undefined, index: number, stacked = false): string {
  const mark = /^[✓✗]/.test(cell.text) ? "mark" : "";
  const none = stacked && ["-", ""].includes(cell.text) ? "none" : "";
  const side = column?.align === "right" ? "right" : "";
  const long = cell.text.length > LONGEST_UNBROKEN ? "long" : "";
  const classes = [side, long, cell.tone ?? "", mark, none].filter(Boolean).join(" ");
  const attributes = [
    classes === "" ? "" : ` class="${classes}"`,
    stacked ? ` role="${index === 0 ? "rowheader" : "cell"}"` : "",
    stacked && index > 0 ? ` data-title="${escapeHtml(column?.title ?? "")}"` : "",
  ].join("");
  const text = textHtml(cell.text);
  return index === 0 ? `<th scope="row"${attributes}>${text}</th>` : `<td${attributes}>${text}</td>`;
}

/** Facts as a table of label, value with band and note, and source. */
export function factTable(facts: readonly Fact[], caption: string): string {
  const rows = facts.map((fact) => {
    const small = [fact.band ?? "", fact.note ?? ""].filter(Boolean).map(escapeHtml).join("; ");
    const figure = fact.figure === undefined ? "" : ` title="${escapeHtml(fact.figure)}"`;
    return [
      `<tr role="row"><th scope="row" role="rowheader">${escapeHtml(fact.label)}</th>`,
      `<td class="value" role="cell"${figure}>${escapeHtml(fact.value.text)}${small === "" ? "" : `<small>${small}</small>`}</td>`,
      `<td class="cite" role="cell">${fact.citation === undefined ? "" : citationLink(fact.citation)}</td></tr>`,
    ].join("");
  });
  return `<table class="facts" role="table" aria-label="${escapeHtml(caption)}"><tbody role="rowgroup">${rows.join("")}</tbody></table>`;
}

/** "derived [3]" with the number leading to the list of sources. */
const citationLink = (citation: Citation): string => {
  const text = citationsText([citation]).replace(/\[\d+\]$/, "");
  return `${text}<a href="#source-${citation.number}">[${citation.number}]</a>`;
};
