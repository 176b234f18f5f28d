import type { BandQuantity, EngineProfile, ErrorBand, LatencyModel } from "../types";
import { hasOldRuntime } from "./engine-traits";
import file from "./error-bands.json";

/** Where a figure was predicted: how its step times are known, how near the system is to its limits, which engine. */
export interface BandRegime {
  readonly basis: LatencyModel["basis"]["kind"];
  /** `saturated`: KV cache, sequences or rate at or beyond 80 % of capacity; queues decide then. */
  readonly load: "moderate" | "saturated";
  /** Default vLLM. */
  readonly engine?: EngineProfile;
}

/** Engines whose residuals are alike. SGLang has no published row here and borrows vLLM's. */
export type EngineFamily = "vllm" | "tensorrt" | "tensorrtOldRuntime" | "nim";

/** Quantities that published rows measure. */
export type MeasuredQuantity =
  | "firstToken"
  | "firstTokenP99"
  | "timePerOutputToken"
  | "outputTokensPerSecond";

interface MeasuredBand {
  readonly low: number;
  readonly high: number;
  readonly rows: number;
  readonly groups: number;
}

type BandFile = Readonly<
  Record<EngineFamily, Partial<Record<MeasuredQuantity, Partial<Record<BandRegime["load"], MeasuredBand>>>>>
>;

const bands: BandFile = file;

/**
 * Quantities that no published row measures borrow the band of the nearest one that is measured: a prefill is the first
 * token without its queue, and a gap's p99 is made of prefill steps, as the first token's p99 is.
 */
const MEASURED_AS: Readonly<Record<BandQuantity, MeasuredQuantity>> = {
  firstTokenMean: "firstToken",
  firstTokenP50: "firstToken",
  firstTokenP99: "firstTokenP99",
  timePerOutputToken: "timePerOutputToken",
  interTokenP99: "firstTokenP99",
  prefill: "firstToken",
  outputTokensPerSecond: "outputTokensPerSecond",
};

/**
 * A roofline knows no kernel: published kernels reach between the peak that it assumes and half of it, so its band is
 * at least this wide whatever the residuals of the measured tables are.
 */
const ROOFLINE = { low: 0.6, high: 1.8 } as const;

/** The family whose band holds for an engine. */
export function engineFamily(engine: EngineProfile | undefined): EngineFamily {
  if (engine?.name === "NIM") return "nim";
  if (engine?.name !== "TensorRT-LLM") return "vllm";
  return hasOldRuntime(engine) ? "tensorrtOldRuntime" : "tensorrt";
}

/** The band of the regime, of the other load, or of another engine, in this order; the last says so. */
function nearestBand(family: EngineFamily, quantity: MeasuredQuantity, load: BandRegime["load"]) {
  const other = load === "moderate" ? "saturated" : "moderate";
  for (const from of [family, "vllm", "tensorrt"] as const) {
    const own = bands[from][quantity];
    const band = own?.[load] ?? own?.[other];
    if (band !== undefined) return { band, from, load: own?.[load] === undefined ? other : load };
  }
  throw new Error(`no error band for ${quantity}`);
}

/**
 * The 80 % band of a quantity as factors of the predicted value: the truth is expected between value * low and
 * value * high. Measured bands are quantiles of cross-validated residuals (bench/calibrate.ts writes them).
 */
export function errorBand(quantity: BandQuantity, regime: BandRegime): ErrorBand {
  const measuredAs = MEASURED_AS[quantity];
  const { band, from, load } = nearestBand(engineFamily(regime.engine), measuredAs, regime.load);
  if (regime.basis === "roofline")
    return {
      low: Math.min(band.low, ROOFLINE.low),
      high: Math.max(band.high, ROOFLINE.high),
      provenance: "roofline: no measured kernel table for this shape; assumed band",
    };
  return {
    low: band.low,
    high: band.high,
    provenance: `cross-validated residuals of ${measuredAs}, ${from}, ${load} load: ${band.rows} published figures in ${band.groups} groups`,
  };
}
