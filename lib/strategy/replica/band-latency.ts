import { type BandQuantity, type BandRegime, coverageOf, errorBand } from "../../performance";
import type { Situation } from "../situation";
import type { BandedLatency, PlanLatency } from "../types";
import type { Observed, SeenLatency } from "./observe";
import type { Replica } from "./replica";

const unknown: BandedLatency = {
  p50Ms: Number.NaN,
  p99Ms: Number.NaN,
  p50LowMs: Number.NaN,
  p50HighMs: Number.NaN,
  p99LowMs: Number.NaN,
  p99HighMs: Number.NaN,
};

/** Latencies of a strategy that cannot run. */
export const unknownLatency: PlanLatency = { prefill: unknown, firstToken: unknown, decode: unknown };

/** Which residuals band each percentile: a median gap is the time per output token of most requests. */
const quantities = {
  prefill: { p50: "prefill", p99: "firstTokenP99" },
  firstToken: { p50: "firstTokenP50", p99: "firstTokenP99" },
  decode: { p50: "timePerOutputToken", p99: "interTokenP99" },
} as const satisfies Record<keyof PlanLatency, { p50: BandQuantity; p99: BandQuantity }>;

/** Standard deviations of a normal error that hold 80 % of it. */
const EIGHTY_PERCENT = 1.2816;

/** How `widened` widens an edge, over inputs of that name. */
export const widenedFormula = (edge: number): string =>
  edge < 1
    ? `max(0, 1 - hypot(edge - 1, ${EIGHTY_PERCENT} * standardError))`
    : `(1 + hypot(edge - 1, ${EIGHTY_PERCENT} * standardError))`;

/** Edges of a percentile's band as factors, before the simulation's own error. */
export function bandEdges(
  name: keyof PlanLatency,
  percentile: "p50" | "p99",
  regime: BandRegime,
): { readonly low: number; readonly high: number } {
  return errorBand(quantities[name][percentile], regime);
}

/** Widens one edge (a factor around 1) by a relative standard error of the simulation, as independent errors add up. */
function widened(edge: number, standardError: number): number {
  const distance = Math.hypot(edge - 1, EIGHTY_PERCENT * standardError);
  return edge < 1 ? Math.max(0, 1 - distance) : 1 + distance;
}

function band(name: keyof PlanLatency, seen: SeenLatency, regime: BandRegime): BandedLatency {
  const p50 = errorBand(quantities[name].p50, regime);
  const p99 = errorBand(quantities[name].p99, regime);
  const { p50Ms, p99Ms, p50Error, p99Error } = seen;
  return {
    p50Ms,
    p99Ms,
    p50LowMs: p50Ms * widened(p50.low, p50Error),
    p50HighMs: p50Ms * widened(p50.high, p50Error),
    p99LowMs: p99Ms * widened(p99.low, p99Error),
    p99HighMs: p99Ms * widened(p99.high, p99Error),
  };
}

/** Levers that no published row was run with: what they do to the step time is derived, not measured. */
export const isDerived = ({ draft, deployment }: Situation): boolean =>
  draft !== undefined ||
  deployment.serving.lora.maxLoras > 0 ||
  deployment.serving.decodeContextParallel > 1 ||
  deployment.serving.eplb.enabled ||
  deployment.model.kvCacheDtype === "fp8_e5m2";

/** How well the latencies of a strategy are known: its kernels, and whether anybody has published such a setup. */
export function evidenceOf(
  situation: Situation,
  { latency, strategy }: Replica,
): Pick<BandRegime, "basis" | "engine" | "coverage"> {
  const { model, hardware, engine } = situation;
  const { pipelineParallel } = strategy;
  const coverage = isDerived(situation)
    ? "none"
    : coverageOf({ model, gpu: hardware.gpu, engine, pipelineParallel });
  return { basis: latency.basis.kind, engine, coverage };
}

/** The three latencies of the steady state with their 80 % bands, the sampling error of the simulation included. */
export function bandLatency(seen: Observed["latency"], regime: BandRegime): PlanLatency {
  return {
    prefill: band("prefill", seen.prefill, regime),
    firstToken: band("firstToken", seen.firstToken, regime),
    decode: band("decode", seen.decode, regime),
  };
}

/** Residuals that the bands come from, in words. */
export function bandSources(regime: BandRegime): Record<keyof PlanLatency, string> {
  const source = (name: keyof PlanLatency) => {
    const { p50, p99 } = quantities[name];
    return `p50: ${errorBand(p50, regime).provenance}; p99: ${errorBand(p99, regime).provenance}`;
  };
  return { prefill: source("prefill"), firstToken: source("firstToken"), decode: source("decode") };
}

/** Factor between a predicted gap's p99 and the upper edge of its band. */
export function decodeTailHigh(situation: Situation, replica: Replica): number {
  return errorBand(quantities.decode.p99, { ...evidenceOf(situation, replica), load: "moderate" }).high;
}
