import { countParameters, type Gpu, type ModelArchitecture } from "../../catalog";
import { hasOldRuntime } from "../engine/engine-profile";
import type { BandQuantity, EngineProfile, ErrorBand, LatencyModel } from "../types";
import file from "./error-bands.json";
import { type ModelKind, modelKind } from "./model-kind";

/** Where a figure was predicted: how its step times are known, how near the system is to its limits, which engine. */
export interface BandRegime {
  readonly basis: LatencyModel["basis"]["kind"];
  /** `saturated`: KV cache, sequences or rate at or beyond 80 % of capacity; queues decide then. */
  readonly load: "moderate" | "saturated";
  /** Default vLLM. */
  readonly engine?: EngineProfile;
  /** What is published of such a setup (`coverageOf`); default `rows`. */
  readonly coverage?: Coverage;
}

/**
 * What is known of a setup beside its kernels: published rows of its like (`rows`: dense models of some 70 billion parameters
 * on H100 and H200), rows of this kind and size of model on this GPU (`pair`), kernel tables alone (`tables`), or nothing.
 */
export type Coverage = "rows" | "pair" | "tables" | "none";

/** Engines whose residuals are alike. SGLang has no published row here. */
export type EngineFamily = "vllm" | "tensorrt" | "tensorrtOldRuntime" | "nim" | "vllmPairs" | "vllmTables";

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

/**
 * Step times scaled from H100's to H200: seven per cent of 332 published figures of 70B models lie below, and seven above
 * (bench/data/other-setups.csv; measured over predicted, per quantity 0.87 to 0.95 and 1.11 to 1.19).
 */
const SCALED = { low: 0.87, high: 1.19 } as const;

/** Parameters of the models in the published rows, and how many times more or fewer still count as such. */
const ROWS = { parameters: 70e9, factor: 2 } as const;

/** GPUs of the published rows; rows of H200 gave the band of scaled kernels. */
const GPUS: readonly string[] = ["H100-SXM-80GB", "H200-SXM-141GB"];

/** Pairs in bench/data/calibration-other.csv: kind and parameters of the model, and the GPU. */
const PAIRS: readonly { kind: ModelKind; parameters: number; gpu: string }[] = [
  { kind: "dense", parameters: 70e9, gpu: "B200-SXM-180GB" },
  { kind: "dense", parameters: 32e9, gpu: "H100-SXM-80GB" },
  { kind: "mixture", parameters: 229e9, gpu: "H200-SXM-141GB" },
  { kind: "mixture", parameters: 229e9, gpu: "B200-SXM-180GB" },
  { kind: "windowed", parameters: 117e9, gpu: "H100-SXM-80GB" },
  { kind: "latent", parameters: 1030e9, gpu: "B200-SXM-180GB" },
];

const isNear = (parameters: number, to: number): boolean =>
  parameters > to / ROWS.factor && parameters < to * ROWS.factor;

/** What published rows say of a setup. */
export function coverageOf(setup: {
  readonly model: ModelArchitecture;
  readonly gpu: Gpu;
  readonly engine: EngineProfile;
  readonly pipelineParallel: number;
}): Coverage {
  const { model, gpu, engine, pipelineParallel } = setup;
  const parameters = countParameters(model).total;
  const kind = modelKind(model);
  if (engine.name === "SGLang" || pipelineParallel > 1) return "none";
  if (kind === "dense" && isNear(parameters, ROWS.parameters) && GPUS.includes(gpu.name)) return "rows";
  if (engine.name !== "vLLM") return "none";
  const isPair = PAIRS.some(
    (pair) => pair.kind === kind && pair.gpu === gpu.name && isNear(parameters, pair.parameters),
  );
  return isPair ? "pair" : "tables";
}

/**
 * How far off another kind of setup is at least taken to be: TensorRT-LLM 0.20 and 1.0 serve Llama 3.1 8B at 1.10 to 1.37
 * times the predicted rate (bench/data/other-setups.csv), and what errs in one direction there may err in the other here.
 */
const OTHER_SETUP = { low: 0.73, high: 1.37 } as const;

/** The family whose band holds for an engine. */
export function engineFamily(engine: EngineProfile | undefined): EngineFamily {
  if (engine?.name === "NIM") return "nim";
  if (engine?.name !== "TensorRT-LLM") return "vllm";
  return hasOldRuntime(engine) ? "tensorrtOldRuntime" : "tensorrt";
}

/**
 * The band of an engine under this load. A system at moderate load is no worse known than a saturated one, whose band
 * it may take; the other way round it would claim too much, as queues decide there.
 */
function ownBand(family: EngineFamily, quantity: MeasuredQuantity, load: BandRegime["load"]) {
  const own = bands[family][quantity];
  if (own?.[load] !== undefined) return { band: own[load], load };
  return own?.saturated === undefined ? undefined : { band: own.saturated, load: "saturated" };
}

/** Why a band is that of another quantity. */
const BORROWED: Readonly<Partial<Record<BandQuantity, string>>> = {
  prefill: "borrowed, as no row measures a prefill: it is the first token without its queue",
  interTokenP99:
    "borrowed, as no row measures the p99 of gaps: the longest are made of prefill steps, as the first token's p99 is",
};

/**
 * Nobody has published this quantity for this engine or kind of setup: it may be as far off as the worst that is
 * published, so its band spans those of all engines under any load. A tail is no better known than its mean.
 */
function widestBand(quantity: MeasuredQuantity): ErrorBand {
  const quantities = quantity === "firstTokenP99" ? (["firstTokenP99", "firstToken"] as const) : [quantity];
  const all = Object.values(bands).flatMap((own) =>
    quantities.flatMap((name) => [own[name]?.moderate ?? [], own[name]?.saturated ?? []].flat()),
  );
  return {
    low: Math.min(OTHER_SETUP.low, ...all.map(({ low }) => low)),
    high: Math.max(OTHER_SETUP.high, ...all.map(({ high }) => high)),
    provenance: `no published figure of such a setup: span of the bands of ${quantity} over all engines and loads, at least that of 8B models`,
  };
}

/** Residuals that speak for a setup without rows of its like: with groups of its pair, or with whole pairs left out. */
const BY_COVERAGE: Readonly<Partial<Record<Coverage, EngineFamily>>> = {
  pair: "vllmPairs",
  tables: "vllmTables",
};

function measuredBand(quantity: MeasuredQuantity, regime: BandRegime): ErrorBand {
  const { coverage = "rows" } = regime;
  const family = BY_COVERAGE[coverage] ?? engineFamily(regime.engine);
  const own = coverage === "none" ? undefined : ownBand(family, quantity, regime.load);
  if (own === undefined) return widestBand(quantity);
  const { band, load } = own;
  return {
    low: band.low,
    high: band.high,
    provenance: `cross-validated residuals of ${quantity}, ${family}, ${load} load: ${band.rows} published figures in ${band.groups} groups`,
  };
}

/**
 * The 80 % band of a quantity as factors of the predicted value: the truth is expected between value * low and
 * value * high. Measured bands are quantiles of cross-validated residuals (bench/calibrate.ts writes them).
 */
export function errorBand(quantity: BandQuantity, regime: BandRegime): ErrorBand {
  const own = measuredBand(MEASURED_AS[quantity], regime);
  const borrowed = BORROWED[quantity];
  const band = borrowed === undefined ? own : { ...own, provenance: `${own.provenance}; ${borrowed}` };
  if (regime.basis === "measured") return band;
  if (regime.basis === "scaled")
    return widenedTo(SCALED, band, "kernels scaled from those of H100: residuals of published runs on H200");
  return widenedTo(ROOFLINE, band, "roofline: no measured kernel table for this shape; assumed band");
}

/** A band that is at least as wide as `least`; both sources are named where both set an edge. */
function widenedTo(
  least: { readonly low: number; readonly high: number },
  band: ErrorBand,
  provenance: string,
): ErrorBand {
  const isWider = least.low < band.low || least.high > band.high;
  const isWhole = least.low <= band.low && least.high >= band.high;
  return {
    low: Math.min(band.low, least.low),
    high: Math.max(band.high, least.high),
    provenance: isWhole ? provenance : isWider ? `${provenance}; ${band.provenance}` : band.provenance,
  };
}
