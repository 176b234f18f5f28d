import type { SimulationResult } from "../../performance";
import type { Situation } from "../situation";

/** The latencies that a deployment sets targets for, as vLLM measures them. */
export type TargetedLatency = "prefill" | "firstToken" | "decode";

/**
 * Latencies that targets apply to. Work that arrives all at once waits for its turn by intention: its time to first
 * token says how long the list is, not how good the service is.
 */
export function targetedLatencies({ deployment }: Situation): readonly TargetedLatency[] {
  return deployment.workload.arrivals === "offline"
    ? ["prefill", "decode"]
    : ["prefill", "firstToken", "decode"];
}

/** Relative excesses of a run over its targets; 0 where a target holds, infinite where nothing was observed. */
function excesses(situation: Situation, { steady }: SimulationResult): number[] {
  const { slo } = situation.deployment;
  const measured = { prefill: steady.prefill, firstToken: steady.firstToken, decode: steady.interToken };
  return targetedLatencies(situation).flatMap((name) => {
    const over = (value: number, limit: number) =>
      Number.isNaN(value) ? Number.POSITIVE_INFINITY : Math.max(0, value / limit - 1);
    return [over(measured[name].p50Ms, slo[name].p50Ms), over(measured[name].p99Ms, slo[name].p99Ms)];
  });
}

/** Sum of the relative excesses over the latency targets; at least 1 for a queue that grows without bound. */
export function excessOverTargets(situation: Situation, result: SimulationResult): number {
  const sum = excesses(situation, result).reduce((total, excess) => total + excess, 0);
  return result.stable ? sum : sum + 1;
}

/** Do the latencies of a run meet every target, without a growing queue? */
export function meetsTargets(situation: Situation, result: SimulationResult): boolean {
  return excessOverTargets(situation, result) === 0;
}
