import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parse } from "csv-parse/sync";
import { UserError, whyUnreadable } from "../config";
import type { CaseCells } from "../performance";
import type { Io } from "./io";

/** One row of a file of cases: its cells by column, or what is wrong with it. */
export type CaseLine =
  | { readonly id: string; readonly cells: CaseCells }
  | { readonly id: string; readonly error: string };

/**
 * Reads a CSV of cases: header named, columns in any order, `-` for stdin. A row without an id gets its number.
 * Throws `UserError` when the file as a whole cannot be read; a row that does not fit the header is a line with an error.
 */
export function readCaseLines(path: string, io: Io): CaseLine[] {
  const where = path === "-" ? "stdin" : basename(path);
  const [header, ...rows] = parseCsv(path === "-" ? io.readStdin() : readText(path), where);
  if (header === undefined)
    throw mistake(where, "is empty", "the first line names the columns: id,engine,model,...");
  const twice = header.find((name, index) => header.indexOf(name) !== index);
  if (twice !== undefined) throw mistake(where, `names the column ${twice} twice`, "remove one of them");
  if (rows.length === 0) throw mistake(where, "has no rows", "each line after the header is a case");
  return rows.map((row, index) => caseLine(header, row, index + 1));
}

function caseLine(header: readonly string[], row: readonly string[], number: number): CaseLine {
  const cells = Object.fromEntries(header.map((name, column) => [name, row[column] ?? ""]));
  const id = cells.id === undefined || cells.id === "" ? `row ${number}` : cells.id;
  if (row.length !== header.length) {
    return { id, error: `has ${row.length} cells and the header names ${header.length}` };
  }
  return { id, cells: { ...cells, id } };
}

function parseCsv(text: string, where: string): string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true, trim: true, relax_column_count: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw mistake(where, `is not CSV: ${reason}`, "quote cells that hold commas or quotes");
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw mistake(path, whyUnreadable(cause), "give a CSV file, or - for stdin");
  }
}

function mistake(where: string, message: string, hint: string): UserError {
  return new UserError({ code: "cases", where, message, hint });
}
