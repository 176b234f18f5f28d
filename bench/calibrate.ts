import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { calibratedConstants } from "../lib/performance";
import committedBands from "../lib/performance/calibration/error-bands.json";
import { crossValidate, type FittedConstants } from "./cross-validate";
import { fitBands } from "./error-bands";
import { readCases } from "./read-cases";

const CALIBRATION = join(__dirname, "..", "lib", "performance", "calibration");

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** The fitted values with where they come from; those that no fit touches keep their text. */
function constantsFile(fitted: readonly FittedConstants[]) {
  const file: Record<string, unknown> = { ...calibratedConstants };
  for (const { fit, all, folds } of fitted)
    for (const { name } of fit.free) {
      const values = [...folds.values()].map((constants) => constants[name]);
      const range = `${rounded(Math.min(...values))}..${rounded(Math.max(...values))}`;
      file[name] = {
        ...calibratedConstants[name],
        value: rounded(all[name]),
        provenance: `bench/calibrate.ts on ${fit.rows.length} rows of bench/data/calibration-cases.csv (${fit.name}); ${range} when one of ${folds.size} groups is left out`,
      };
    }
  return file;
}

/**
 * Fits the named constants on the published rows, cross-validates by leaving out one group at a time, and writes the
 * constants, the error bands and the cross-validated residuals. Takes some minutes.
 */
function main(): void {
  const { fitted, residuals } = crossValidate(readCases(), (line) => console.error(line));
  writeJson(join(CALIBRATION, "constants.json"), constantsFile(fitted));
  const own = fitBands(residuals);
  writeJson(join(CALIBRATION, "error-bands.json"), {
    ...own,
    vllmPairs: committedBands.vllmPairs,
    vllmTables: committedBands.vllmTables,
  });
  const lines = residuals.map(({ row, column, measured, predicted, regime }) => ({
    id: row.id,
    column,
    regime,
    measured,
    predicted: Number(predicted.toPrecision(6)),
  }));
  const path = join(__dirname, "cross-validation.json");
  writeFileSync(path, `[\n${lines.map((line) => `  ${JSON.stringify(line)}`).join(",\n")}\n]\n`);
  console.error(`wrote ${lines.length} cross-validated figures to ${path}`);
}

main();
