import { demandOfStages, fullestGpu } from "../replica/fit-memory";
import type { Observed } from "../replica/observe";
import type { Replica } from "../replica/replica";
import type { Situation } from "../situation";
import { memoryBalance, memoryFraction } from "./memory-requirements";
import { pressureOf, type Requirement } from "./requirement";
import { isRateDriven, latencyRequirements, loadRequirements } from "./service-requirements";
import { targetedLatencies } from "./targets";

/**
 * Every requirement that depends on the load, held against what a run shows: memory demand, latencies, batch, and the
 * share of the capacity that the rate asks for. `rate` and `saturated` are requests per second over all replicas.
 */
export function loadedRequirements(
  situation: Situation,
  replica: Replica,
  seen: Observed & { readonly rate: number; readonly saturated: number },
): Requirement[] {
  const demands = demandOfStages(replica.memory, seen.kvTokens);
  const bytes = Math.max(...demands);
  return [
    memoryFraction(situation, { fraction: bytes / fullestGpu(replica.memory).totalBytes, bytes }),
    memoryBalance(situation, demands),
    ...targetedLatencies(situation).flatMap((name) =>
      latencyRequirements(situation, name, seen.latency[name]),
    ),
    ...loadRequirements(situation, {
      batch: seen.batch,
      serving: replica.serving,
      gpuUtilization: isRateDriven(situation) ? seen.rate / seen.saturated : 0,
    }),
  ];
}

/** How close a run is to its tightest requirement: 1 is at the limit, above 1 misses it; infinite for a growing queue. */
export interface Pressure {
  readonly value: number;
  /** The tightest requirement, by its id. */
  readonly by: string;
}

/** The tightest of the requirements. */
export function tightest(requirements: readonly Requirement[]): Pressure {
  let most: Pressure = { value: 0, by: "" };
  for (const requirement of requirements) {
    const value = pressureOf(requirement);
    if (value > most.value) most = { value, by: requirement.id };
  }
  return most;
}
