import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Rows of a CSV file of bench/data, which has no quoted cells, as records by column. */
export function readCsv(file: string): Record<string, string>[] {
  const [header = "", ...lines] = readFileSync(join(__dirname, "data", file), "utf8")
    .trim()
    .split("\n");
  const columns = header.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ""]));
  });
}
