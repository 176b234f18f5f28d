import type { LatencyModel } from "../types";

/** Predicted value with its 80 % band, as [low, high]. */
export type Band = readonly [low: number, high: number];

/** Quantities of a prediction that carry a band; the names are those of the case columns. */
export type PredictedColumn =
  | "ttft_ms_mean"
  | "ttft_ms_p50"
  | "ttft_ms_p99"
  | "itl_ms_mean"
  | "itl_ms_p50"
  | "itl_ms_p99"
  | "output_tok_s";

/** Prediction of one benchmark case. Times in ms, rates per second over all GPUs. */
export interface CasePrediction extends Readonly<Record<PredictedColumn, number>> {
  readonly id: string;
  /** After the first wave or the warm-up: what a service sees. */
  readonly steady_ttft_ms_p50: number;
  readonly steady_ttft_ms_p99: number;
  readonly bands: Readonly<Record<PredictedColumn, Band>>;
  /** `as-run`: every request, first wave included; `steady`: as this engine's benchmark reports it. */
  readonly statistic: "as-run" | "steady";
  /** False when requests arrive faster than they can be served. */
  readonly stable: boolean;
  /** Open arrivals: the rate that the hardware can serve, and the share of it that arrives. */
  readonly sustainable_request_rate?: number;
  readonly load?: number;
  readonly regime: "moderate" | "saturated";
  readonly kv_cache_tokens: number;
  readonly kv_cache_tokens_band: Band;
  readonly preemptions: number;
  readonly engine_version: string;
  readonly basis: LatencyModel["basis"];
}

/** A case that cannot run, with the reason. */
export interface InfeasibleCase {
  readonly id: string;
  readonly infeasible: string;
}

/** A row that is not a case: what is wrong with it. */
export interface InvalidCase {
  readonly id: string;
  readonly error: string;
}

/** What `predict` prints for a row. */
export type CaseResult = CasePrediction | InfeasibleCase | InvalidCase;
