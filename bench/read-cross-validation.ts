import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PredictedColumn } from "../lib/performance";
import type { Residual } from "./evaluate";
import type { MeasuredCase } from "./read-cases";

interface Line {
  readonly id: string;
  readonly column: PredictedColumn;
  readonly regime: "moderate" | "saturated";
  readonly measured: number;
  readonly predicted: number;
}

/** The cross-validated figures that `calibrate` has written, joined with their rows. */
export function readCrossValidation(rows: readonly MeasuredCase[]): readonly Residual[] {
  const byId = new Map(rows.map((row) => [row.id, row] as const));
  const lines = JSON.parse(readFileSync(join(__dirname, "cross-validation.json"), "utf8")) as Line[];
  return lines.flatMap(({ id, column, regime, measured, predicted }) => {
    const row = byId.get(id);
    if (row === undefined) return [];
    return [
      { row, column, regime, measured, predicted, error: predicted / measured - 1, band: [0, 0] as const },
    ];
  });
}
