import type { Cell, Column } from "../report-document";
import type { Paint } from "./paint";
import { wrapText } from "./wrap-text";

export interface TextTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  readonly width: number;
}

const GAP = "  ";
const NARROWEST = 6;

/** A table of at most `width` columns: the widest columns give way and their cells wrap. */
export function textTable({ columns, rows, width }: TextTable, paint: Paint): readonly string[] {
  const widths = columnWidths(columns, rows, width);
  const header: readonly Cell[] = columns.map(({ title }) => ({ text: title, tone: "quiet" }));
  const all = columns.some(({ title }) => title !== "") ? [header, ...rows] : rows;
  return all.flatMap((row) => textRow(row, columns, widths, paint));
}

function columnWidths(columns: readonly Column[], rows: TextTable["rows"], width: number): readonly number[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => row[index]?.text.length ?? 0)),
  );
  const room = width - GAP.length * (columns.length - 1);
  const total = () => widths.reduce((sum, one) => sum + one, 0);
  while (total() > room) {
    const widest = widths.indexOf(Math.max(...widths));
    const current = widths[widest] ?? 0;
    if (current <= NARROWEST) break;
    widths[widest] = current - 1;
  }
  return widths;
}

function textRow(
  row: readonly Cell[],
  columns: readonly Column[],
  widths: readonly number[],
  paint: Paint,
): readonly string[] {
  const cells = columns.map((column, index) => {
    const { text, tone } = row[index] ?? { text: "" };
    return { lines: wrapText(text, widths[index] ?? 1), tone, column, width: widths[index] ?? 1 };
  });
  const height = Math.max(...cells.map(({ lines }) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    cells
      .map(({ lines, tone, column, width }) => {
        const text = lines[line] ?? "";
        const padding = " ".repeat(Math.max(0, width - text.length));
        return column.align === "right" ? padding + paint(text, tone) : paint(text, tone) + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}
