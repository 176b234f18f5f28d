import type { ModelArchitecture } from "../../catalog";
import { inBackticks, UserError } from "../../config";
import { type CalibratedConstants, calibrated } from "../calibration/calibrated";
import { coverageOf, errorBand } from "../calibration/error-band";
import type { BandQuantity, LatencyStatistics, SimulationResult } from "../types";
import { withinEffort } from "./case-effort";
import type { Band, CasePrediction, CaseResult, PredictedColumn } from "./case-prediction";
import { type CaseRow, caseRowSchema, isOpen } from "./case-row";
import { type CaseSetup, caseSetup } from "./case-setup";
import { checkCase } from "./check-case";
import { capacity, caseLatency, simulateCase } from "./simulate-case";

/** Share of capacity beyond which queues decide and the band of saturation holds. */
const SATURATED_LOAD = 0.8;

/** Relative shift of the rate near capacity: the half width of the 80 % band of the time per output token. */
const KNEE_SHIFT = 0.05;

/** Load from which that shift moves the queue by no more than 5 %: it grows with the rate as 1 - 1/load. */
const KNEE_ENDS = 2;

const QUANTITY: Readonly<Record<PredictedColumn, BandQuantity>> = {
  ttft_ms_mean: "firstTokenMean",
  ttft_ms_p50: "firstTokenP50",
  ttft_ms_p99: "firstTokenP99",
  itl_ms_mean: "timePerOutputToken",
  itl_ms_p50: "timePerOutputToken",
  itl_ms_p99: "timePerOutputToken",
  output_tok_s: "outputTokensPerSecond",
};

/** NIM's closed-loop benchmark reports its steady state, all others the run. */
function statisticOf(row: CaseRow): CasePrediction["statistic"] {
  return row.engine === "NIM" && row.arrivals === "closed" ? "steady" : "as-run";
}

type Figures = Readonly<Record<PredictedColumn, number>>;

function meanOver(results: readonly SimulationResult[], value: (result: SimulationResult) => number): number {
  return results.reduce((sum, result) => sum + value(result), 0) / results.length;
}

/**
 * The figures as the engine's benchmark states them. NIM's (genai-perf) leave the first wave out, and their throughput
 * obeys Little's law over what is left: concurrency x output / time of a request.
 */
function figures(results: readonly SimulationResult[], row: CaseRow, clientMs: number): Figures {
  const statistic = statisticOf(row);
  const of = (result: SimulationResult) => (statistic === "steady" ? result.steady : result.asRun);
  const firstToken = (key: keyof LatencyStatistics) =>
    meanOver(results, (r) => of(r).firstToken[key] + clientMs);
  const perToken = (key: keyof LatencyStatistics) => meanOver(results, (r) => of(r).timePerOutputToken[key]);
  // No request has a gap when each gives one token.
  const gapMs = perToken("meanMs");
  const gapsMs = Number.isNaN(gapMs) ? 0 : (row.osl - 1) * gapMs;
  const requestMs = firstToken("meanMs") + gapsMs;
  const littleTokensPerSecond = ((row.concurrency ?? 1) * row.osl * 1000) / requestMs;
  return {
    ttft_ms_mean: firstToken("meanMs"),
    ttft_ms_p50: firstToken("p50Ms"),
    ttft_ms_p99: firstToken("p99Ms"),
    itl_ms_mean: perToken("meanMs"),
    itl_ms_p50: perToken("p50Ms"),
    itl_ms_p99: perToken("p99Ms"),
    output_tok_s:
      statistic === "steady"
        ? littleTokensPerSecond
        : meanOver(results, (r) => r.asRun.outputTokensPerSecond),
  };
}

function mapColumns(of: (column: PredictedColumn) => Band): CasePrediction["bands"] {
  return {
    ttft_ms_mean: of("ttft_ms_mean"),
    ttft_ms_p50: of("ttft_ms_p50"),
    ttft_ms_p99: of("ttft_ms_p99"),
    itl_ms_mean: of("itl_ms_mean"),
    itl_ms_p50: of("itl_ms_p50"),
    itl_ms_p99: of("itl_ms_p99"),
    output_tok_s: of("output_tok_s"),
  };
}

function bandsOf(values: Figures, regime: Parameters<typeof errorBand>[1]): CasePrediction["bands"] {
  return mapColumns((column) => {
    const { low, high } = errorBand(QUANTITY[column], regime);
    return [values[column] * low, values[column] * high];
  });
}

/**
 * The case as it may also be where a small error moves a queue by much. Near the knee: at a rate 5 % lower and higher,
 * which is what the band of the step time allows. Where the KV cache may not hold all who ask for it: with the least and
 * the largest cache that published logs allow; a percent of it moves the first token by 2 to 8.
 */
function neighbours(setup: CaseSetup, results: readonly SimulationResult[], load: number): CaseSetup[] {
  const { row, memory, scheduler } = setup;
  const rate = row.request_rate ?? 1;
  const isAtKnee = load > SATURATED_LOAD && load < KNEE_ENDS;
  const rates = isAtKnee ? [rate * (1 - KNEE_SHIFT), rate * (1 + KNEE_SHIFT)] : [];
  const peak = Math.max(...results.map((result) => result.maxKvUsage)) * scheduler.kvCacheTokens;
  const isTight = row.arrivals !== "offline" && peak > memory.kvCacheTokensLow;
  const caches = isTight ? [memory.kvCacheTokensLow, memory.kvCacheTokensHigh] : [];
  return [
    ...rates.map((request_rate) => ({ ...setup, row: { ...row, request_rate } })),
    ...caches.map((kvCacheTokens) => ({ ...setup, scheduler: { ...scheduler, kvCacheTokens } })),
  ];
}

/** Bands that hold the figures of the neighbours as well. */
function widen(bands: CasePrediction["bands"], around: readonly Figures[]): CasePrediction["bands"] {
  return mapColumns((column) => {
    // A cache too small for any request has no figures: NaN.
    const values = around.map((figure) => figure[column]).filter((value) => !Number.isNaN(value));
    const [low, high] = bands[column];
    return [Math.min(low, ...values), Math.max(high, ...values)];
  });
}

/** Whether queues decide: rate near capacity, all requests at once, or a closed loop that the KV cache cannot hold. */
function isSaturated(
  { row, requests }: CaseSetup,
  results: readonly SimulationResult[],
  load: number | undefined,
): boolean {
  if (load !== undefined) return load > SATURATED_LOAD;
  if (row.arrivals === "offline") return true;
  // A replica's share of the clients, who are fewer when the run holds fewer requests.
  const clients = Math.floor(Math.min(row.concurrency ?? 1, requests) / row.dp);
  return results.some((r) => r.preemptions > 0 || r.maxRunningSequences < clients);
}

function predictSetup(asked: CaseSetup, constants: CalibratedConstants): CaseResult {
  const { row, model, gpu, memory, engine } = asked;
  const impossible = checkCase(asked);
  if (impossible !== undefined) return { id: row.id, infeasible: impossible };
  const latency = caseLatency(asked, constants);
  const setup = withinEffort(asked, latency);
  if (typeof setup === "string") return { id: row.id, error: setup };
  const results = simulateCase(setup, latency, constants);
  // A closed loop's client runs beside the server; the clients of rate-driven benchmarks run elsewhere.
  const clientMs = isOpen(row) ? constants.remoteClientMs : 0;
  const figuresOf = (varied: CaseSetup): Figures =>
    figures(simulateCase(varied, latency, constants), varied.row, clientMs);
  const stuck = results.find((result) => result.infeasible !== undefined)?.infeasible;
  if (stuck !== undefined) return { id: row.id, infeasible: stuck };
  const sustainable = isOpen(row) ? capacity(setup, latency) : undefined;
  const load = sustainable === undefined ? undefined : (row.request_rate ?? 0) / sustainable;
  const regime = isSaturated(setup, results, load) ? "saturated" : "moderate";
  const values = figures(results, row, clientMs);
  const coverage = coverageOf({ model, gpu, engine, pipelineParallel: row.pp });
  const bands = bandsOf(values, { basis: latency.basis.kind, load: regime, engine, coverage });
  const around = neighbours(setup, results, load ?? 0).map(figuresOf);
  return {
    id: row.id,
    ...values,
    steady_ttft_ms_p50: meanOver(results, (result) => result.steady.firstToken.p50Ms),
    steady_ttft_ms_p99: meanOver(results, (result) => result.steady.firstToken.p99Ms),
    bands: widen(bands, around),
    statistic: statisticOf(row),
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

/** What to do in words of a row's columns, where the catalogue says it in keys of a deployment. */
function rowHint({ code, hint }: UserError): string {
  if (code === "unknown-model")
    return `${inBackticks("models")} lists all; for another one give its config.json in the column model_config`;
  return code === "unknown-gpu" ? `${inBackticks("hardware")} lists all` : hint;
}

/** Cells of a row by column name, as text; absent and empty cells are the same. */
export type CaseCells = Readonly<Record<string, string | undefined>>;

/** What surrounds a row: see `predictCases`. */
export interface CaseContext {
  /** An earlier stage of the same run has filled the prefix cache. */
  readonly isLaterStage?: boolean;
  /** The model of the row where it does not come from the catalogue. */
  readonly model?: ModelArchitecture;
  readonly constants?: CalibratedConstants;
}

/** What is wrong with a cell, and what stands in it. */
function mistakeIn(
  cells: CaseCells,
  issue: { readonly path: PropertyKey[]; readonly message: string },
): string {
  const column = issue.path.join(".");
  const cell = cells[column]?.trim() ?? "";
  if (issue.message.startsWith("is needed")) return `${column}: ${issue.message}`;
  return cell === "" ? `${column}: is missing` : `${column}: ${issue.message}, not "${cell}"`;
}

/**
 * Predicts one benchmark case from its input columns (data columns of measured values are ignored). Never throws for a
 * bad row: a cell out of range or an unknown model or GPU gives `error`, a case that cannot run gives `infeasible`.
 */
export function predictCase(cells: CaseCells, context: CaseContext = {}): CaseResult {
  const parsed = caseRowSchema.safeParse(cells);
  const id = cells.id ?? "";
  if (!parsed.success) {
    return { id, error: parsed.error.issues.map((issue) => mistakeIn(cells, issue)).join("; ") };
  }
  try {
    const constants = context.constants ?? calibrated;
    const setup = caseSetup(parsed.data, {
      isLaterStage: context.isLaterStage ?? false,
      ...(context.model === undefined ? {} : { model: context.model }),
      constants,
    });
    return predictSetup(setup, constants);
  } catch (error) {
    if (error instanceof UserError) return { id, error: `${error.message}; ${rowHint(error)}` };
    if (error instanceof RangeError) return { id, error: error.message };
    throw error;
  }
}
