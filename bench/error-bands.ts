import type { BandRegime, EngineFamily, MeasuredQuantity, PredictedColumn } from "../lib/performance";
import { engineFamily, engineProfile } from "../lib/performance";
import type { Residual } from "./evaluate";
import { quantile } from "./quantile";

/** One band with the evidence behind it. */
export interface FittedBand {
  readonly low: number;
  readonly high: number;
  readonly rows: number;
  readonly groups: number;
}

type Bands = Partial<Record<MeasuredQuantity, Partial<Record<BandRegime["load"], FittedBand>>>>;
export type BandFile = Record<EngineFamily, Bands>;

const QUANTITY: Readonly<Partial<Record<PredictedColumn, MeasuredQuantity>>> = {
  ttft_ms_mean: "firstToken",
  ttft_ms_p50: "firstToken",
  ttft_ms_p99: "firstTokenP99",
  itl_ms_mean: "timePerOutputToken",
  itl_ms_p50: "timePerOutputToken",
  output_tok_s: "outputTokensPerSecond",
};

/**
 * Quantiles of measured / predicted that the 80 % band spans. Seven per cent at each end instead of ten: constants were
 * fitted and the model's structure chosen on these rows, so unseen groups are expected to be a little worse.
 */
const TAIL = 0.07;
/** Below this many figures quantiles mean nothing; the spread of a normal distribution is used. */
const ENOUGH = 12;
/** 1.3 standard deviations hold 80 % of a normal distribution; Student's factor for few figures makes it wider. */
const student = (rows: number): number => 1.28 + 2.4 / Math.max(1, rows - 1);
/**
 * Half width that a band of few rows has at least, relative: between published runs of the same setup lie 1-4 %
 * (near-duplicate rows), and 1 % of KV cache moves the first token of a starved system by 2 to 8 %.
 */
const LEAST_HALF_WIDTH = { moderate: 0.04, saturated: 0.12 } as const;

/** The measured quantity of a column; undefined for columns that no band is fitted for. */
export function measuredQuantity(column: PredictedColumn): MeasuredQuantity | undefined {
  return QUANTITY[column];
}

function familyOf({ row }: Residual): EngineFamily {
  const name = row.cells.engine === "NIM" || row.cells.engine === "TensorRT-LLM" ? row.cells.engine : "vLLM";
  return engineFamily(engineProfile(name, { version: row.cells.engine_version ?? "0" }));
}

/** Factors from log bounds. The prediction itself lies inside, with half of the least half width on either side. */
function around(low: number, high: number, load: BandRegime["load"]): { low: number; high: number } {
  const inner = LEAST_HALF_WIDTH[load] / 2;
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return { low: round(Math.exp(Math.min(low, -inner))), high: round(Math.exp(Math.max(high, inner))) };
}

/** A predicted figure beside its measurement, and what it is left out of a fit with. */
export interface ComparedFigure {
  readonly measured: number;
  readonly predicted: number;
  readonly group: string;
}

/** The 80 % band that these figures give, as factors of the predicted value. */
export function fitBand(figures: readonly ComparedFigure[], load: BandRegime["load"]): FittedBand {
  const logs = figures.map(({ measured, predicted }) => Math.log(measured / predicted));
  const rows = logs.length;
  const groups = new Set(figures.map(({ group }) => group)).size;
  if (rows >= ENOUGH)
    return { ...around(quantile(logs, TAIL), quantile(logs, 1 - TAIL), load), rows, groups };
  const mean = logs.reduce((sum, value) => sum + value, 0) / rows;
  const spread = Math.sqrt(logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, rows - 1));
  const half = Math.max(student(rows) * spread, LEAST_HALF_WIDTH[load]);
  return { ...around(mean - half, mean + half, load), rows, groups };
}

/** Key of the band that a residual belongs to; undefined when its column has none. */
export function bandKey(residual: Residual): string | undefined {
  const quantity = measuredQuantity(residual.column);
  return quantity === undefined ? undefined : `${familyOf(residual)}/${quantity}/${residual.regime}`;
}

/** Bands by engine family, quantity and load from cross-validated residuals. */
export function fitBands(residuals: readonly Residual[]): BandFile {
  const cells = new Map<string, Residual[]>();
  for (const residual of residuals) {
    const key = bandKey(residual);
    if (key === undefined) continue;
    const cell = cells.get(key) ?? [];
    cell.push(residual);
    cells.set(key, cell);
  }
  const file: BandFile = {
    vllm: {},
    tensorrt: {},
    tensorrtOldRuntime: {},
    nim: {},
    vllmPairs: {},
    vllmTables: {},
  };
  for (const [key, cell] of cells) {
    const [family, quantity, load] = key.split("/") as [EngineFamily, MeasuredQuantity, BandRegime["load"]];
    file[family] = {
      ...file[family],
      [quantity]: {
        ...file[family][quantity],
        [load]: fitBand(
          cell.map(({ measured, predicted, row }) => ({ measured, predicted, group: row.group })),
          load,
        ),
      },
    };
  }
  return file;
}
