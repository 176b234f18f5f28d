/** Columns of text, two spaces apart. Columns whose cells are all numbers (or "-") are aligned right. */
export function alignedTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const numeric = header.map((_, column) => rows.every((row) => isNumeric(row[column] ?? "")));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? "";
        return numeric[column] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width));
  return `${[header, rule, ...rows].map(line).join("\n")}\n`;
}

function isNumeric(cell: string): boolean {
  return cell === "-" || /^[-+]?[\d ,.]+[%]?$/.test(cell);
}

/** Rows as CSV (RFC 4180): cells with commas, quotes or newlines are quoted. */
export function csvTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `${[header, ...rows].map((row) => row.map(cell).join(",")).join("\n")}\n`;
}
