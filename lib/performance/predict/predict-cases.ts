import type { CaseResult } from "./case-prediction";
import { isOpen } from "./case-row";
import { type CaseCells, predictCase } from "./predict-case";

/** Columns that the stages of one run share; stages differ in rate. */
const SHARED = [
  "engine",
  "engine_version",
  "model",
  "precision",
  "gpu",
  "tp",
  "pp",
  "dp",
  "isl",
  "osl",
  "cached_prefix_tokens",
  "arrivals",
  "max_num_batched_tokens",
] as const;

function runKey(cells: CaseCells): string {
  return SHARED.map((column) => cells[column] ?? "").join("|");
}

/** Rate of a row of open traffic; NaN, which is later than none, for every other row and for a cell that is no rate. */
function rateOf(cells: CaseCells): number {
  const rate = Number(cells.request_rate);
  return isOpen({ arrivals: cells.arrivals?.trim() }) && rate > 0 ? rate : Number.NaN;
}

/**
 * Whether each row is a later stage of a run: benchmarks of open traffic raise the rate in stages over the same prompts, so
 * that only the lowest rate meets a cold prefix cache. Rows that agree in everything but the rate are read as one run.
 */
export function laterStages(rows: readonly CaseCells[]): readonly boolean[] {
  const lowest = new Map<string, number>();
  for (const cells of rows) {
    const key = runKey(cells);
    const rate = rateOf(cells);
    if (rate < (lowest.get(key) ?? Number.POSITIVE_INFINITY)) lowest.set(key, rate);
  }
  return rows.map((cells) => rateOf(cells) > (lowest.get(runKey(cells)) ?? Number.POSITIVE_INFINITY));
}

/** Predicts all cases of a file, in order, one at a time; see `predictCase` for a row. */
export function* predictCases(rows: readonly CaseCells[]): Generator<CaseResult> {
  const later = laterStages(rows);
  for (const [index, cells] of rows.entries())
    yield predictCase(cells, { isLaterStage: later[index] ?? false });
}
