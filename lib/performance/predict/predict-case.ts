import { UserError } from "../../config";
import { type CalibratedConstants, calibrated } from "../calibration/calibrated";
import { errorBand } from "../calibration/error-band";
import type { BandQuantity, LatencyStatistics, SimulationResult } from "../types";
import type { Band, CasePrediction, CaseResult, PredictedColumn } from "./case-prediction";
import { type CaseRow, caseRowSchema } from "./case-row";
import { type CaseSetup, caseSetup } from "./case-setup";
import { checkCase } from "./check-case";
import { capacity, caseLatency, simulateCase } from "./simulate-case";

/** Share of capacity beyond which queues decide and the band of saturation holds. */
const SATURATED_LOAD = 0.8;

const QUANTITY: Readonly<Record<PredictedColumn, BandQuantity>> = {
  ttft_ms_mean: "firstTokenMean",
  ttft_ms_p50: "firstTokenP50",
  ttft_ms_p99: "firstTokenP99",
  itl_ms_mean: "timePerOutputToken",
  itl_ms_p50: "timePerOutputToken",
  itl_ms_p99: "timePerOutputToken",
  output_tok_s: "outputTokensPerSecond",
};

type Figures = Readonly<Record<PredictedColumn, number>>;

function meanOver(results: readonly SimulationResult[], value: (result: SimulationResult) => number): number {
  return results.reduce((sum, result) => sum + value(result), 0) / results.length;
}

/** The figures as the engine's benchmark states them: NIM's (genai-perf) leave the first wave out. */
function figures(results: readonly SimulationResult[], statistic: CasePrediction["statistic"]): Figures {
  const of = (result: SimulationResult) => (statistic === "steady" ? result.steady : result.asRun);
  const firstToken = (key: keyof LatencyStatistics) => meanOver(results, (r) => of(r).firstToken[key]);
  const perToken = (key: keyof LatencyStatistics) => meanOver(results, (r) => of(r).timePerOutputToken[key]);
  return {
    ttft_ms_mean: firstToken("meanMs"),
    ttft_ms_p50: firstToken("p50Ms"),
    ttft_ms_p99: firstToken("p99Ms"),
    itl_ms_mean: perToken("meanMs"),
    itl_ms_p50: perToken("p50Ms"),
    itl_ms_p99: perToken("p99Ms"),
    output_tok_s: meanOver(results, (r) => of(r).outputTokensPerSecond),
  };
}

function bandsOf(values: Figures, regime: Parameters<typeof errorBand>[1]): CasePrediction["bands"] {
  const band = (column: PredictedColumn): Band => {
    const { low, high } = errorBand(QUANTITY[column], regime);
    return [values[column] * low, values[column] * high];
  };
  return {
    ttft_ms_mean: band("ttft_ms_mean"),
    ttft_ms_p50: band("ttft_ms_p50"),
    ttft_ms_p99: band("ttft_ms_p99"),
    itl_ms_mean: band("itl_ms_mean"),
    itl_ms_p50: band("itl_ms_p50"),
    itl_ms_p99: band("itl_ms_p99"),
    output_tok_s: band("output_tok_s"),
  };
}

/** Whether queues decide: rate near capacity, all requests at once, or a closed loop that the KV cache cannot hold. */
function isSaturated(row: CaseRow, results: readonly SimulationResult[], load: number | undefined): boolean {
  if (load !== undefined) return load > SATURATED_LOAD;
  if (row.arrivals === "offline") return true;
  return results.some((r) => r.preemptions > 0 || r.maxRunningSequences < (row.concurrency ?? 1));
}

function predictSetup(setup: CaseSetup, constants: CalibratedConstants): CaseResult {
  const { row, memory, engine } = setup;
  const impossible = checkCase(setup);
  if (impossible !== undefined) return { id: row.id, infeasible: impossible };
  const latency = caseLatency(setup, constants);
  const results = simulateCase(setup, latency, constants);
  const stuck = results.find((result) => result.infeasible !== undefined)?.infeasible;
  if (stuck !== undefined) return { id: row.id, infeasible: stuck };
  const sustainable = row.request_rate === undefined ? undefined : capacity(setup, latency);
  const load = sustainable === undefined ? undefined : (row.request_rate ?? 0) / sustainable;
  const regime = isSaturated(row, results, load) ? "saturated" : "moderate";
  const statistic = row.engine === "NIM" && row.arrivals === "closed" ? "steady" : "as-run";
  const values = figures(results, statistic);
  return {
    id: row.id,
    ...values,
    steady_ttft_ms_p50: meanOver(results, (result) => result.steady.firstToken.p50Ms),
    steady_ttft_ms_p99: meanOver(results, (result) => result.steady.firstToken.p99Ms),
    bands: bandsOf(values, { basis: latency.basis.kind, load: regime }),
    statistic,
    stable: results.every((result) => result.stable) && (load ?? 0) <= 1,
    ...(sustainable === undefined ? {} : { sustainable_request_rate: sustainable, load }),
    regime,
    kv_cache_tokens: memory.kvCacheTokens,
    kv_cache_tokens_band: [memory.kvCacheTokensLow, memory.kvCacheTokensHigh],
    preemptions: meanOver(results, (result) => result.preemptions),
    engine_version: engine.version,
    basis: latency.basis,
  };
}

/** Cells of a row by column name, as text; absent and empty cells are the same. */
export type CaseCells = Readonly<Record<string, string | undefined>>;

/** What surrounds a row: see `predictCases`. */
export interface CaseContext {
  /** An earlier stage of the same run has filled the prefix cache. */
  readonly isLaterStage?: boolean;
  readonly constants?: CalibratedConstants;
}

/**
 * Predicts one benchmark case from its input columns (data columns of measured values are ignored). Never throws for a
 * bad row: a cell out of range or an unknown model or GPU gives `error`, a case that cannot run gives `infeasible`.
 */
export function predictCase(cells: CaseCells, context: CaseContext = {}): CaseResult {
  const parsed = caseRowSchema.safeParse(cells);
  const id = cells.id ?? "";
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    return { id, error: issues.join("; ") };
  }
  try {
    const constants = context.constants ?? calibrated;
    const setup = caseSetup(parsed.data, { isLaterStage: context.isLaterStage ?? false, constants });
    return predictSetup(setup, constants);
  } catch (error) {
    if (error instanceof UserError || error instanceof RangeError) return { id, error: error.message };
    throw error;
  }
}
