import { holdsWeights, memoryRow } from "../replica/fit-memory";
import { type FittedReplica, fitReplica, type Replica, stepModelsOf } from "../replica/replica";
import {
  batchHoldsSequences,
  memoryIsFree,
  oneSequenceFits,
  weightsFit,
} from "../requirements/memory-requirements";
import { priceRequirement } from "../requirements/price-requirement";
import { type Requirement, violationsOf } from "../requirements/requirement";
import { structuralRequirements } from "../requirements/validate";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import type { Evaluation } from "./evaluation";
import { servingSettings, unfittedServing } from "./serving-settings";

/** A strategy that vLLM accepts and that fits, before anything of it is simulated. */
export interface Prepared {
  readonly strategy: Strategy;
  /** Serving parameters that it may run with (see ServingSettings); not empty. */
  readonly fitting: readonly (readonly Replica[])[];
}

export const isPrepared = (ready: Prepared | Evaluation): ready is Prepared => "fitting" in ready;

/** Requirements that vLLM starts without: a strategy that misses one is simulated and then fails the plan. */
const STARTS_WITHOUT = new Set(["world-size", "price"]);

/** Whether vLLM does not start a strategy that misses these. */
function isRefused(situation: Situation, strategy: Strategy, requirements: readonly Requirement[]): boolean {
  const tooMany = strategy.gpus > situation.hardware.gpus;
  return tooMany || violationsOf(requirements).some(({ check }) => !STARTS_WITHOUT.has(check));
}

/** Requirements before anything is simulated: vLLM accepts the strategy, and it fits. */
export function startRequirements(
  situation: Situation,
  { strategy, serving, memory: fit }: FittedReplica,
): Requirement[] {
  // Where the weights do not fit there is no cache to speak of: one reason is enough.
  const cache = holdsWeights(fit) ? [oneSequenceFits(situation, fit)] : [];
  return [
    ...structuralRequirements(situation, strategy),
    weightsFit(situation, strategy, fit),
    ...cache,
    ...memoryIsFree(situation),
    batchHoldsSequences(situation, serving),
    ...priceRequirement(situation),
  ];
}

/** A strategy that cannot run: its memory row and its reasons. */
export function cannotRun(
  { strategy, serving, memory }: FittedReplica,
  requirements: readonly Requirement[],
): Evaluation {
  const violations = violationsOf(requirements);
  return {
    candidate: {
      strategy,
      feasible: false,
      meetsSlo: false,
      reasons: violations.map(({ sentence }) => sentence),
      violations,
      serving,
      memory: memoryRow(memory, 0),
    },
    requirements,
    meanRequestMs: Number.POSITIVE_INFINITY,
  };
}

/** Prepared so far: bounds, short runs and the plan itself ask for the same strategies. */
const preparedBefore = new WeakMap<Situation, Map<string, Prepared | Evaluation>>();

/** Fits a strategy into memory; its evaluation where vLLM refuses it or it does not fit. The same question gets the same object. */
export function prepareCandidate(situation: Situation, strategy: Strategy): Prepared | Evaluation {
  const ofSituation = preparedBefore.get(situation) ?? new Map<string, Prepared | Evaluation>();
  preparedBefore.set(situation, ofSituation);
  const key = JSON.stringify(strategy);
  const ready = ofSituation.get(key) ?? prepare(situation, strategy);
  ofSituation.set(key, ready);
  return ready;
}

function prepare(situation: Situation, strategy: Strategy): Prepared | Evaluation {
  if (isRefused(situation, strategy, structuralRequirements(situation, strategy))) {
    const plain = fitReplica(situation, strategy, unfittedServing(situation));
    return cannotRun(plain, startRequirements(situation, plain));
  }
  const { fitting, shown } = servingSettings(situation, strategy, stepModelsOf(situation, strategy));
  const before = startRequirements(situation, shown);
  return isRefused(situation, strategy, before) ? cannotRun(shown, before) : { strategy, fitting };
}
