import type { CaseCells, PredictedColumn } from "../lib/performance";
import { laterStages } from "../lib/performance";
import { readCsv } from "./read-csv";

/** A published measurement: its input cells, what was measured, and where it sits. */
export interface MeasuredCase {
  readonly id: string;
  readonly cells: CaseCells;
  readonly measured: Partial<Record<PredictedColumn, number>>;
  /** Rows of one sweep are correlated: they are left out of a fit together. */
  readonly group: string;
  /** Engine and version, such as `vLLM 0.10.2`. */
  readonly engine: string;
  readonly isLaterStage: boolean;
  /** Model x GPU x precision. */
  readonly pair: string;
  /** Rows whose source is in doubt are shown and kept out of every fit and goal. */
  readonly isDoubtful: boolean;
}

export const predictedColumns = [
  "ttft_ms_mean",
  "ttft_ms_p50",
  "ttft_ms_p99",
  "itl_ms_mean",
  "itl_ms_p50",
  "itl_ms_p99",
  "output_tok_s",
] as const satisfies readonly PredictedColumn[];

/** Source x engine version x precision x TP x shape; near-duplicate models of one source share a group. */
function groupOf(cells: Record<string, string>): string {
  const source = (cells.id ?? "").split("-")[0];
  const { engine, engine_version, precision, tp, isl, osl } = cells;
  return `${source} ${engine} ${engine_version} ${precision} TP${tp} ${isl}/${osl}`;
}

const pairOf = ({ model, gpu, precision }: Record<string, string>): string =>
  `${model?.split("/").at(-1)} ${gpu} ${precision}`;

function measuredOf(cells: Record<string, string>): MeasuredCase["measured"] {
  const pairs = predictedColumns.flatMap((column) =>
    cells[column] ? [[column, Number(cells[column])] as const] : [],
  );
  return Object.fromEntries(pairs);
}

/** The published rows that constants and bands are fitted on, leaving out one group at a time. */
export const readCases = (): readonly MeasuredCase[] => readMeasured("calibration-cases.csv");

/** Published rows of vLLM with other models and GPUs: sweeps of six pairs, groups are pair x TP x shape. */
export const readOtherPairs = (): readonly MeasuredCase[] =>
  readMeasured("calibration-other.csv").map((row) => {
    const { tp, moe_ep, isl, osl } = row.cells;
    return { ...row, group: `${row.pair} TP${tp} EP${moe_ep} ${isl}/${osl}` };
  });

/** Published rows of other GPUs and model sizes, which no constant is fitted on. */
export const readOtherSetups = (): readonly MeasuredCase[] => readMeasured("other-setups.csv");

function readMeasured(file: string): readonly MeasuredCase[] {
  const rows = readCsv(file);
  const later = laterStages(rows);
  return rows.map((cells, index) => ({
    id: cells.id ?? "",
    cells,
    measured: measuredOf(cells),
    group: groupOf(cells),
    pair: pairOf(cells),
    engine: `${cells.engine} ${cells.engine_version}`,
    isLaterStage: later[index] ?? false,
    isDoubtful: (cells.id ?? "").startsWith("aws-"),
  }));
}
