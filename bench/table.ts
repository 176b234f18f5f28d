/** A table with its sentence, printed to the terminal and written to docs/accuracy.md alike. */
export interface Table {
  readonly title: string;
  readonly note?: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function widths({ header, rows }: Table): number[] {
  return header.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? "").length)));
}

/** First column to the left, figures to the right. */
function line(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, i) =>
    i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
  );
  return padded.join("  ").trimEnd();
}

/** The table for a terminal. */
export function renderText(table: Table): string {
  const columns = widths(table);
  const rule = columns.map((width) => "-".repeat(width));
  const body = [table.header, rule, ...table.rows].map((row) => line(row, columns));
  return ["", table.title, ...(table.note ? [table.note] : []), ...body].join("\n");
}

/** The table for a Markdown page. */
export function renderMarkdown(table: Table): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = table.header.map((_, i) => (i === 0 ? "---" : "---:"));
  const body = [row(table.header), row(rule), ...table.rows.map(row)];
  return [`## ${table.title}`, "", ...(table.note ? [table.note, ""] : []), ...body, ""].join("\n");
}

/** A share as per cent with one decimal. */
export function percent(share: number): string {
  return Number.isNaN(share) ? "-" : `${(share * 100).toFixed(1)} %`;
}
