import type { ReplicaMemory } from "../../performance";
import { meanTokens } from "../figures/mean-tokens";
import { decodeTailHigh } from "../replica/band-latency";
import { fitMemory } from "../replica/fit-memory";
import { latencyModelOf, type Run, runSimulation, serviceTraffic } from "../replica/run-simulation";
import {
  type Effort,
  expectedDecodes,
  fullStepMs,
  isTooSlowAlone,
  requestsWorth,
  stepsPerRequest,
} from "../replica/simulation-effort";
import { excessOverTargets } from "../requirements/targets";
import type { Situation } from "../situation";
import type { ServingParameters, Strategy } from "../types";

export interface Tuned {
  readonly run: Run;
  readonly fit: ReplicaMemory;
}

/**
 * Position of the largest token budget whose full step stays within the decode p99 target up to the upper edge of its
 * error band: then no prefill chunk can delay a running sequence beyond the target. The smallest when none does. The
 * simulation has the last word.
 */
function guess(situation: Situation, runs: readonly Run[]): number {
  const { workload, slo } = situation.deployment;
  const contextTokens = meanTokens(workload.promptTokens);
  const limitMs = (run: Run) => slo.decode.p99Ms / decodeTailHigh(situation, run);
  const at = runs.findIndex((run) => {
    const sequences = expectedDecodes(situation, run, workload.requestRate);
    return (
      fullStepMs(run.latency, { sequences, contextTokens }, run.serving.maxNumBatchedTokens) <= limitMs(run)
    );
  });
  return at === -1 ? runs.length - 1 : at;
}

/** How far a short run at the requested rate is beyond its targets; 0 when all hold. */
function excess(situation: Situation, run: Run, effort: Effort): number {
  const { requestRate } = situation.deployment.workload;
  const traffic = serviceTraffic(situation, run.strategy, requestRate);
  const requests = requestsWorth(situation, run, { rate: requestRate, kind: "trial", effort });
  const result = runSimulation(situation, run, { ...traffic, requests, giveUpWhenHopeless: true });
  return excessOverTargets(situation, result);
}

/** A pipeline so deep that trials would cost more than the run itself: the guess has to do. */
function isDear(situation: Situation, run: Run, effort: Effort): boolean {
  return stepsPerRequest(situation, run, situation.deployment.workload.requestRate) > effort.trial / 10;
}

/**
 * Picks the token budget among settings that fit (largest budget first; not empty). The guess is the largest that cannot
 * make a running sequence wait beyond the decode target. If a short run then misses a target, the neighbours are tried
 * and the least excess wins.
 */
export function tuneServing(
  situation: Situation,
  strategy: Strategy,
  { settings, effort }: { readonly settings: readonly ServingParameters[]; readonly effort: Effort },
): Tuned {
  const latency = latencyModelOf(situation, strategy);
  const runs: Run[] = settings.map((serving) => {
    const { kvCacheTokens } = fitMemory(situation, strategy, serving);
    return { strategy, latency, serving, kvCacheTokens };
  });
  const at = guess(situation, runs);
  const first = runs[at];
  if (first === undefined) throw new Error("no setting to tune");
  const tuned = (run: Run): Tuned => ({ run, fit: fitMemory(situation, strategy, run.serving) });
  if (runs.length === 1 || isTooSlowAlone(situation, latency) || isDear(situation, first, effort)) {
    return tuned(first);
  }
  let best = { run: first, excess: excess(situation, first, effort) };
  for (const run of [runs[at - 1], runs[at - 2], runs[at + 1]]) {
    if (run === undefined || best.excess === 0) continue;
    const trial = { run, excess: excess(situation, run, effort) };
    if (trial.excess < best.excess) best = trial;
  }
  return tuned(best.run);
}
