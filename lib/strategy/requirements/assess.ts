import { demandOfStages, fullestGpu } from "../replica/fit-memory";
import type { Observed } from "../replica/observe";
import type { FittedReplica, Replica } from "../replica/replica";
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

/** Tokens in a replica's cache at which the spread of its GPUs' demand can be least: none, all, or where two GPUs demand alike. */
function turningPoints({ memory }: FittedReplica): number[] {
  const demands = demandOfStages(memory, 0);
  const lines = memory.stages.map(({ kvBytesPerToken }, stage) => [demands[stage], kvBytesPerToken] as const);
  const kinds = [...new Map(lines.map((line) => [line.join(" "), line])).values()];
  const alike = kinds.flatMap(([bytes, slope]) =>
    kinds.map(([other, steeper]) => (bytes - other) / (steeper - slope)),
  );
  const { kvCacheTokens } = memory;
  return [0, kvCacheTokens, ...alike.filter((tokens) => tokens > 0 && tokens < kvCacheTokens)];
}

/**
 * Whether a replica's memory misses a requirement whatever lies in its cache: then it does so at any rate. The spread of
 * demand over a growing cache is a convex sum over a rising one, so it is least at a turning point.
 */
export function missesAtAnyRate(situation: Situation, replica: FittedReplica): boolean {
  const { memory } = replica;
  const bytes = Math.max(...demandOfStages(memory, 0));
  const least = memoryFraction(situation, { fraction: bytes / fullestGpu(memory).totalBytes, bytes });
  const misses = (requirement: Requirement) => pressureOf(requirement) > 1 + 1e-9;
  return (
    misses(least) ||
    turningPoints(replica).every((tokens) => misses(memoryBalance(situation, demandOfStages(memory, tokens))))
  );
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
