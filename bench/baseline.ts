import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CaseResult } from "../lib/performance";
import { predictedColumns } from "./read-cases";
import type { Table } from "./table";

const FILE = join(__dirname, "baseline.json");
/** Digits kept: enough to see any change that matters, few enough to survive another processor's rounding. */
const DIGITS = 6;

type Baseline = Record<string, Record<string, number>>;

function baselineOf(results: readonly CaseResult[]): Baseline {
  return Object.fromEntries(
    results.map((result) => [
      result.id,
      "bands" in result
        ? Object.fromEntries(
            predictedColumns.map((column) => [column, Number(result[column].toPrecision(DIGITS))]),
          )
        : {},
    ]),
  );
}

/** Writes the predictions of all rows as the new baseline. */
export function writeBaseline(results: readonly CaseResult[]): void {
  const lines = Object.entries(baselineOf(results)).map(
    ([id, figures]) => `  ${JSON.stringify(id)}: ${JSON.stringify(figures)}`,
  );
  writeFileSync(FILE, `{\n${lines.join(",\n")}\n}\n`);
}

/** Every predicted figure that moved against the committed baseline. */
export function movedTable(results: readonly CaseResult[]): Table {
  const title = "Moved against the baseline";
  if (!existsSync(FILE)) return { title, note: "There is no baseline yet.", header: ["row"], rows: [] };
  const before = JSON.parse(readFileSync(FILE, "utf8")) as Baseline;
  const after = baselineOf(results);
  const moved = Object.entries(after).flatMap(([id, figures]) =>
    Object.entries(figures).flatMap(([column, now]) => {
      const was = before[id]?.[column];
      return was === now ? [] : [[id, column, String(was ?? "-"), String(now)]];
    }),
  );
  const note = moved.length === 0 ? "No prediction moved." : "`npm run bench:update` accepts these.";
  return { title, note, header: ["row", "column", "before", "after"], rows: moved };
}
