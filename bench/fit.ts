import {
  type CalibratedConstants,
  type ConstantName,
  calibrated,
  type PredictedColumn,
} from "../lib/performance";
import { predictRow, residualsOf } from "./evaluate";
import type { MeasuredCase } from "./read-cases";

/** A constant to fit, with the step of its finite difference. */
export interface FreeConstant {
  readonly name: ConstantName;
  readonly step: number;
  /** Where the fit starts, when that is not the committed value. */
  readonly start?: number;
}

/** A set of constants that one kind of row decides, and how precise each figure is expected to be. */
export interface Fit {
  readonly name: string;
  readonly free: readonly FreeConstant[];
  readonly rows: readonly MeasuredCase[];
  /** Columns that count, with the relative error that weighs 1. */
  readonly scale: Partial<Record<PredictedColumn, number>>;
}

/** Log residuals of the rows at a point and their derivatives by the free constants. */
export interface Linearized {
  readonly fit: Fit;
  readonly at: CalibratedConstants;
  readonly residuals: readonly {
    readonly group: string;
    readonly value: number;
    readonly slopes: readonly number[];
  }[];
}

/** Scaled log errors of all rows under given constants, in a fixed order. */
function logErrors(fit: Fit, constants: CalibratedConstants): readonly { group: string; value: number }[] {
  return fit.rows.flatMap((row) =>
    residualsOf(row, predictRow(row, constants)).flatMap(({ column, predicted, measured }) => {
      const scale = fit.scale[column];
      return scale === undefined ? [] : [{ group: row.group, value: Math.log(predicted / measured) / scale }];
    }),
  );
}

/** Evaluates the fit around `at`: one pass over the rows for each free constant, and one without change. */
export function linearize(fit: Fit, at: CalibratedConstants): Linearized {
  const base = logErrors(fit, at);
  const moved = fit.free.map(({ name, step }) => logErrors(fit, { ...at, [name]: at[name] + step }));
  const residuals = base.map(({ group, value }, i) => ({
    group,
    value,
    slopes: moved.map((errors, k) => ((errors[i]?.value ?? value) - value) / (fit.free[k]?.step ?? 1)),
  }));
  return { fit, at, residuals };
}

/** Solves A x = b for a small symmetric positive definite A. */
function solve(matrix: number[][], right: number[]): number[] {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  for (let i = 0; i < n; i++) {
    const pivot = rows[i] ?? [];
    for (let j = 0; j < n; j++) {
      const row = rows[j];
      if (j === i || row === undefined) continue;
      const factor = (row[i] ?? 0) / (pivot[i] ?? 1);
      for (let k = i; k <= n; k++) row[k] = (row[k] ?? 0) - factor * (pivot[k] ?? 0);
    }
  }
  return rows.map((row, i) => (row[n] ?? 0) / (row[i] ?? 1));
}

/** Weight of a residual: Huber's, so that one odd row does not decide. */
const huber = (value: number): number => Math.min(1, 1.5 / Math.max(1e-9, Math.abs(value)));

/**
 * Constants that minimise the linearised residuals of the rows outside `leftOut`, found by reweighted least squares with
 * a ridge that keeps a constant that no row decides where it was. No constant leaves half to twice its starting value.
 */
export function solveConstants({ fit, at, residuals }: Linearized, leftOut?: string): CalibratedConstants {
  const kept = residuals.filter(({ group }) => group !== leftOut);
  let moves = fit.free.map(() => 0);
  for (let iteration = 0; iteration < 20; iteration++) {
    const matrix = fit.free.map((a, i) =>
      fit.free.map((_, j) => (i === j ? 0.5 / Math.max(1e-9, at[a.name] / 2) ** 2 : 0)),
    );
    const right = fit.free.map(() => 0);
    for (const { value, slopes } of kept) {
      const predicted = slopes.reduce((sum, slope, k) => sum + slope * (moves[k] ?? 0), value);
      const weight = huber(predicted);
      slopes.forEach((a, i) => {
        right[i] = (right[i] ?? 0) - weight * a * value;
        slopes.forEach((b, j) => {
          const row = matrix[i];
          if (row !== undefined) row[j] = (row[j] ?? 0) + weight * a * b;
        });
      });
    }
    moves = solve(matrix, right);
  }
  const values = fit.free.map(({ name, start = calibrated[name] }, k) => {
    return [name, Math.min(2 * start, Math.max(start / 2, at[name] + (moves[k] ?? 0)))] as const;
  });
  return { ...at, ...Object.fromEntries(values) };
}
