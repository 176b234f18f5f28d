import { type CalibratedConstants, calibrated } from "../lib/performance";
import { predictRow, type Residual, residualsOf } from "./evaluate";
import { type Fit, linearize, solveConstants } from "./fit";
import { fitsOf } from "./fits";
import type { MeasuredCase } from "./read-cases";

/** Constants of a fit with all rows and with each group left out. */
export interface FittedConstants {
  readonly fit: Fit;
  readonly all: CalibratedConstants;
  readonly folds: ReadonlyMap<string, CalibratedConstants>;
}

/** Linearise, solve, and once more around the solution. */
export function runFit(fit: Fit, log: (line: string) => void): FittedConstants {
  log(`${fit.name}: ${fit.rows.length} rows, ${fit.free.length} constants`);
  const first = solveConstants(linearize(fit, calibrated));
  const linearized = linearize(fit, first);
  const all = solveConstants(linearized);
  const groups = [...new Set(fit.rows.map((row) => row.group))];
  const folds = new Map(groups.map((group) => [group, solveConstants(linearized, group)] as const));
  for (const { name } of fit.free) {
    const values = [...folds.values()].map((constants) => constants[name]);
    log(
      `  ${name} ${all[name].toFixed(4)} (folds ${Math.min(...values).toFixed(4)}..${Math.max(...values).toFixed(4)})`,
    );
  }
  return { fit, all, folds };
}

/** Runs every fit and predicts each row with the constants of the fold that left its group out. */
export function crossValidate(rows: readonly MeasuredCase[], log: (line: string) => void) {
  const fitted = fitsOf(rows).map((fit) => runFit(fit, log));
  const moved = fitted.flatMap(({ fit, all }) => fit.free.map(({ name }) => [name, all[name]] as const));
  const constants: CalibratedConstants = { ...calibrated, ...Object.fromEntries(moved) };
  const residuals: Residual[] = [];
  for (const row of rows.filter((each) => !each.isDoubtful)) {
    const own = fitted.find(({ fit }) => fit.rows.includes(row));
    const fold = own?.folds.get(row.group);
    const used =
      own === undefined || fold === undefined
        ? constants
        : { ...constants, ...Object.fromEntries(own.fit.free.map(({ name }) => [name, fold[name]])) };
    residuals.push(...residualsOf(row, predictRow(row, used)));
  }
  return { fitted, constants, residuals };
}
