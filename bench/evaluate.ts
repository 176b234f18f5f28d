import {
  type CalibratedConstants,
  type CaseResult,
  type PredictedColumn,
  predictCase,
} from "../lib/performance";
import { type MeasuredCase, predictedColumns } from "./read-cases";

/** One figure of one row: what was measured and what was predicted. */
export interface Residual {
  readonly row: MeasuredCase;
  readonly column: PredictedColumn;
  readonly measured: number;
  readonly predicted: number;
  /** predicted / measured - 1. */
  readonly error: number;
  readonly band: readonly [number, number];
  readonly regime: "moderate" | "saturated";
}

/** Prediction of a row under given constants. */
export function predictRow(row: MeasuredCase, constants?: CalibratedConstants): CaseResult {
  const { isLaterStage } = row;
  return predictCase(row.cells, {
    isLaterStage,
    ...(constants === undefined ? {} : { constants }),
  });
}

/** Residuals of every measured figure of a row; throws when the row cannot be predicted. */
export function residualsOf(row: MeasuredCase, result: CaseResult): readonly Residual[] {
  if (!("bands" in result))
    throw new Error(`${row.id}: ${"error" in result ? result.error : result.infeasible}`);
  return predictedColumns.flatMap((column) => {
    const measured = row.measured[column];
    if (measured === undefined) return [];
    const predicted = result[column];
    const error = predicted / measured - 1;
    return [{ row, column, measured, predicted, error, band: result.bands[column], regime: result.regime }];
  });
}
