import type { BandQuantity, ErrorBand, LatencyModel } from "../types";
import file from "./error-bands.json";

/** Where a figure was predicted: how its step times are known, and how near the system is to its limits. */
export interface BandRegime {
  readonly basis: LatencyModel["basis"]["kind"];
  /** `saturated`: KV cache, sequences or rate at or beyond 80 % of capacity; queues decide then. */
  readonly load: "moderate" | "saturated";
}

type MeasuredQuantity = keyof typeof file;

/**
 * Quantities that no published row measures borrow the band of the nearest one that is measured: a prefill is the first
 * token without its queue, and a gap's p99 is made of prefill steps, as the first token's p99 is.
 */
const MEASURED_AS: Readonly<Record<BandQuantity, MeasuredQuantity>> = {
  firstTokenMean: "firstTokenMean",
  firstTokenP50: "firstTokenP50",
  firstTokenP99: "firstTokenP99",
  timePerOutputToken: "timePerOutputToken",
  interTokenP99: "firstTokenP99",
  prefill: "firstTokenMean",
  outputTokensPerSecond: "outputTokensPerSecond",
};

/**
 * A roofline knows no kernel: published kernels reach between the peak that it assumes and half of it, so its band is
 * at least this wide whatever the residuals of the measured tables are.
 */
const ROOFLINE = { low: 0.6, high: 1.8 } as const;

/**
 * The 80 % band of a quantity as factors of the predicted value: the truth is expected between value * low and
 * value * high. Measured bands are quantiles of cross-validated residuals (bench/calibrate.ts writes them); NaN values
 * stay NaN when multiplied.
 */
export function errorBand(quantity: BandQuantity, regime: BandRegime): ErrorBand {
  const measuredAs = MEASURED_AS[quantity];
  const { low, high, rows, groups } = file[measuredAs][regime.load];
  const borrowed = measuredAs === quantity ? "" : `, borrowed from ${measuredAs}`;
  if (regime.basis === "roofline")
    return {
      low: Math.min(low, ROOFLINE.low),
      high: Math.max(high, ROOFLINE.high),
      provenance: "roofline: no measured kernel table for this shape; assumed band",
    };
  return {
    low,
    high,
    provenance: `cross-validated residuals of ${rows} published rows in ${groups} groups, ${regime.load} load${borrowed}`,
  };
}
