import type { LatencyModel, SimulationResult } from "../performance";
import type { BandedLatency, PlanLatency } from "./types";

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

/** The three latencies of the steady state with their bands. */
export function bandLatency(result: SimulationResult, _basis: LatencyModel["basis"]): PlanLatency {
  const band = ({ p50Ms, p99Ms }: { p50Ms: number; p99Ms: number }): BandedLatency => ({
    p50Ms,
    p99Ms,
    p50LowMs: p50Ms * 0.9,
    p50HighMs: p50Ms * 1.1,
    p99LowMs: p99Ms * 0.8,
    p99HighMs: p99Ms * 1.2,
  });
  const { prefill, firstToken, interToken } = result.steady;
  return { prefill: band(prefill), firstToken: band(firstToken), decode: band(interToken) };
}

/** Residuals that the bands come from. */
export function bandSources(): { prefill: string; firstToken: string; decode: string } {
  return { prefill: "preliminary", firstToken: "preliminary", decode: "preliminary" };
}
