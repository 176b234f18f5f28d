import { priceRequirement } from "../figures/price";
import { fitMemory, holdsWeights, memoryRow } from "../replica/fit-memory";
import { runSimulation, serviceTraffic } from "../replica/run-simulation";
import { candidateEffort, type Effort, requestsWorth } from "../replica/simulation-effort";
import { batchHoldsSequences, oneSequenceFits, weightsFit } from "../requirements/memory-requirements";
import { type Requirement, reasonText, violationsOf } from "../requirements/requirement";
import { structuralRequirements } from "../requirements/validate";
import type { Situation } from "../situation";
import type { ServingParameters, Strategy } from "../types";
import { describeCandidate } from "./describe-candidate";
import type { Evaluation } from "./evaluation";
import { servingSettings } from "./serving-settings";
import { tuneServing } from "./tune-serving";

/** Requirements that vLLM starts without: a strategy that misses one is simulated and then fails the plan. */
const STARTS_WITHOUT = new Set(["world-size", "price"]);

function isRefused(situation: Situation, strategy: Strategy, requirements: readonly Requirement[]): boolean {
  const tooMany = strategy.gpus > situation.hardware.gpus;
  return tooMany || violationsOf(requirements).some(({ check }) => !STARTS_WITHOUT.has(check));
}

/** Requirements before anything is simulated: vLLM accepts the strategy, and it fits. */
function startRequirements(
  situation: Situation,
  strategy: Strategy,
  serving: ServingParameters,
): Requirement[] {
  const fit = fitMemory(situation, strategy, serving);
  // Where the weights do not fit there is no cache to speak of: one reason is enough.
  const cache = holdsWeights(fit) ? [oneSequenceFits(situation, fit)] : [];
  return [
    ...structuralRequirements(situation, strategy),
    weightsFit(situation, strategy, fit),
    ...cache,
    batchHoldsSequences(serving),
    ...priceRequirement(situation),
  ];
}

/** A strategy that cannot run: its memory row and its reasons. */
function cannotRun(
  situation: Situation,
  refused: { readonly strategy: Strategy; readonly serving: ServingParameters },
  requirements: readonly Requirement[],
): Evaluation {
  const { strategy, serving } = refused;
  const violations = violationsOf(requirements);
  return {
    candidate: {
      strategy,
      feasible: false,
      meetsSlo: false,
      reasons: violations.map(reasonText),
      violations,
      serving,
      memory: memoryRow(fitMemory(situation, strategy, serving), 0),
    },
    requirements,
    meanRequestMs: Number.POSITIVE_INFINITY,
  };
}

/** A request of the workload that no replica could ever hold, as the simulation found it. */
function requestTooLong(reason: string): Requirement {
  return {
    id: "request-fits",
    requirement: "every request of the workload fits into the KV cache of a replica",
    value: 0,
    limit: 1,
    unit: "share",
    bound: "least",
    valueText: reason,
    configKey: "envelope.maxModelLen",
    change:
      "shorten workload.promptTokens or workload.outputTokens, or raise strategy.tensorParallel for a larger cache",
  };
}

/**
 * Plans one strategy: is it valid, does it fit, with which serving parameters, how fast is it, what does it sustain.
 * Never throws for a strategy that cannot work; the requirements then say why. `effort` is what simulating it
 * is worth.
 */
export function evaluateCandidate(
  situation: Situation,
  strategy: Strategy,
  effort: Effort = candidateEffort,
): Evaluation {
  const settings = servingSettings(situation, strategy);
  const before = startRequirements(situation, strategy, settings.shown);
  if (isRefused(situation, strategy, before)) {
    return cannotRun(situation, { strategy, serving: settings.shown }, before);
  }
  const { run, fit } = tuneServing(situation, strategy, { settings: settings.fitting, effort });
  const rate = situation.deployment.workload.requestRate;
  const requests = requestsWorth(situation, run, { rate, kind: "run", effort });
  const result = runSimulation(situation, run, { ...serviceTraffic(situation, strategy, rate), requests });
  const met = startRequirements(situation, strategy, run.serving);
  if (result.infeasible !== undefined) {
    return cannotRun(situation, run, [...met, requestTooLong(result.infeasible)]);
  }
  return describeCandidate(situation, { run, fit, result, requests, met, effort });
}
