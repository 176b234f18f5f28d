import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { calibratedConstants } from "../lib/performance";
import { fitBands } from "./error-bands";
import type { Residual } from "./evaluate";
import { crossValidatePairs, FREE } from "./other-pairs";
import { readOtherPairs } from "./read-cases";

const CALIBRATION = join(__dirname, "..", "lib", "performance", "calibration");

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

const rounded = (value: number): number => Number(value.toPrecision(3));

const line = ({ row, column, measured, predicted, regime }: Residual) => ({
  id: row.id,
  column,
  regime,
  measured,
  predicted: rounded(predicted),
});

/**
 * Fits what kinds of models and generations of GPUs do beside the measured kernels on bench/data/calibration-other.csv, and
 * writes the constants, the bands (`vllmPairs`: groups of a pair left out, `vllmTables`: whole pairs) and the residuals.
 * Takes some minutes.
 */
function main(): void {
  const { all, folds, groupsLeftOut, pairsLeftOut } = crossValidatePairs(readOtherPairs(), (text) =>
    console.error(text),
  );
  const file: Record<string, unknown> = { ...calibratedConstants };
  for (const { name } of FREE) {
    const values = [...folds.values()].map((constants) => constants[name]);
    const range = `${rounded(Math.min(...values))}..${rounded(Math.max(...values))}`;
    file[name] = {
      ...calibratedConstants[name],
      value: rounded(all[name]),
      provenance: `bench/calibrate-pairs.ts on bench/data/calibration-other.csv; ${range} when one of ${folds.size} groups is left out`,
    };
  }
  writeJson(join(CALIBRATION, "constants.json"), file);
  const path = join(CALIBRATION, "error-bands.json");
  const bands = JSON.parse(readFileSync(path, "utf8"));
  writeJson(path, {
    ...bands,
    vllmPairs: fitBands(groupsLeftOut).vllm,
    vllmTables: fitBands(pairsLeftOut).vllm,
  });
  const lines = (residuals: readonly Residual[]) =>
    `[\n${residuals.map((each) => `    ${JSON.stringify(line(each))}`).join(",\n")}\n  ]`;
  writeFileSync(
    join(__dirname, "cross-validation-pairs.json"),
    `{\n  "groups": ${lines(groupsLeftOut)},\n  "pairs": ${lines(pairsLeftOut)}\n}\n`,
  );
}

main();
