import type { ReplicaMemory } from "../performance";
import { fitMemory } from "./fit-memory";
import { latencyModelOf, type Run, runSimulation, serviceTraffic } from "./run-simulation";
import { effort, isTooSlowAlone, requestsWorth } from "./simulation-effort";
import type { Situation } from "./situation";
import { meetsTargets } from "./sustainable-rate";
import { allowedBudgets, guessBudget } from "./tune-serving";
import type { ServingParameters, Strategy } from "./types";

interface Tuned {
  readonly run: Run;
  readonly fit: ReplicaMemory;
}

/** How far a run is beyond its targets: the sum of relative excesses, 0 when all hold. */
function excess(situation: Situation, run: Run): number {
  const { workload, slo } = situation.deployment;
  const traffic = serviceTraffic(situation, run.strategy, workload.requestRate);
  const requests = requestsWorth(situation, run, { rate: workload.requestRate, steps: effort.trial });
  const result = runSimulation(situation, run, { ...traffic, requests, giveUpWhenHopeless: true });
  if (meetsTargets(situation, result)) return 0;
  const { prefill, firstToken, interToken } = result.steady;
  const pairs: [number, number][] = [
    [prefill.p50Ms, slo.prefill.p50Ms],
    [prefill.p99Ms, slo.prefill.p99Ms],
    [firstToken.p50Ms, slo.firstToken.p50Ms],
    [firstToken.p99Ms, slo.firstToken.p99Ms],
    [interToken.p50Ms, slo.decode.p50Ms],
    [interToken.p99Ms, slo.decode.p99Ms],
  ];
  return pairs.reduce((sum, [value, limit]) => sum + Math.max(0, value / limit - 1 || 0), 0);
}

/**
 * Picks the token budget of a step. The guess is the largest budget that cannot make a running sequence wait beyond the
 * decode target. If the trial run then misses a target, the neighbours are tried and the least excess wins.
 */
export function tuneBudget(situation: Situation, strategy: Strategy, serving: ServingParameters): Tuned {
  const latency = latencyModelOf(situation, strategy);
  const withBudget = (maxNumBatchedTokens: number): Tuned => {
    const parameters = { ...serving, maxNumBatchedTokens };
    const fit = fitMemory(situation, strategy, parameters);
    return { run: { strategy, latency, serving: parameters, kvCacheTokens: fit.kvCacheTokens }, fit };
  };
  const budgets = allowedBudgets(situation, serving);
  const guess = guessBudget(situation, { strategy, latency, serving });
  const first = withBudget(guess);
  if (budgets.length === 1 || isTooSlowAlone(situation, latency)) return first;
  let best = { tuned: first, excess: excess(situation, first.run) };
  if (best.excess === 0) return best.tuned;
  const at = budgets.indexOf(guess);
  for (const budget of [budgets[at - 1], budgets[at - 2], budgets[at + 1]]) {
    if (budget === undefined || best.excess === 0) continue;
    const tuned = withBudget(budget);
    const trial = { tuned, excess: excess(situation, tuned.run) };
    if (trial.excess < best.excess) best = trial;
  }
  return best.tuned;
}
