import { holdsWeights, memoryRow } from "../replica/fit-memory";
import { type FittedReplica, fitReplica, type Replica } from "../replica/replica";
import {
  batchHoldsSequences,
  memoryIsFree,
  oneSequenceFits,
  weightsFit,
} from "../requirements/memory-requirements";
import { priceRequirement } from "../requirements/price-requirement";
import { type Requirement, toCheck, violationsOf } from "../requirements/requirement";
import { structuralRequirements, structuralRules } from "../requirements/validate";
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

/** Whether vLLM does not start what misses these. */
const isRefused = (requirements: readonly Requirement[]): boolean =>
  requirements.some((each) => !STARTS_WITHOUT.has(each.id) && !toCheck(each).pass);

/** The rules, the one that refused last first: of the strategies of a machine most miss the same few. */
const likeliest = [...structuralRules];

/** Whether vLLM starts no replica of a strategy, however it is set. */
export function isRefusedAnyway(situation: Situation, strategy: Strategy): boolean {
  if (strategy.gpus > situation.hardware.gpus) return true;
  const at = likeliest.findIndex((rule) => isRefused([rule(situation, strategy)].flat()));
  if (at > 0) likeliest.unshift(...likeliest.splice(at, 1));
  return at >= 0;
}

/** Requirements before anything is simulated: vLLM accepts the strategy, and it fits. */
export function startRequirements(situation: Situation, fitted: FittedReplica): Requirement[] {
  return [...structuralRequirements(situation, fitted.strategy), ...fitRequirements(situation, fitted)];
}

/** Those of a replica's settings. */
function fitRequirements(
  situation: Situation,
  { strategy, serving, memory: fit }: FittedReplica,
): Requirement[] {
  // Where the weights do not fit there is no cache to speak of: one reason is enough.
  const cache = holdsWeights(fit) ? [oneSequenceFits(situation, fit)] : [];
  return [
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

/** What came of a strategy: it is prepared, or there is something to show in its place, which is made when it is asked for. */
interface Attempt {
  readonly prepared?: Prepared;
  readonly shown: () => FittedReplica;
  evaluation?: Evaluation;
}

/** Tried so far: bounds, short runs and the plan itself ask for the same strategies. */
const triedBefore = new WeakMap<Situation, Map<string, Attempt>>();

function attemptAt(situation: Situation, strategy: Strategy): Attempt {
  const ofSituation = triedBefore.get(situation) ?? new Map<string, Attempt>();
  triedBefore.set(situation, ofSituation);
  const key = JSON.stringify(strategy);
  const attempt = ofSituation.get(key) ?? attemptOf(situation, strategy);
  ofSituation.set(key, attempt);
  return attempt;
}

function attemptOf(situation: Situation, strategy: Strategy): Attempt {
  if (isRefusedAnyway(situation, strategy))
    return { shown: () => fitReplica(situation, strategy, unfittedServing(situation)) };
  const { fitting, shown } = servingSettings(situation, strategy);
  if (fitting.length === 0 || isRefused(fitRequirements(situation, shown()))) return { shown };
  return { prepared: { strategy, fitting }, shown };
}

/** Fits a strategy into memory; nothing where vLLM refuses it or it does not fit. The same question gets the same object. */
export const preparedOf = (situation: Situation, strategy: Strategy): Prepared | undefined =>
  attemptAt(situation, strategy).prepared;

const refusal = (situation: Situation, shown: FittedReplica): Evaluation =>
  cannotRun(shown, startRequirements(situation, shown));

/** The same, with the evaluation of what does not run. */
export function prepareCandidate(situation: Situation, strategy: Strategy): Prepared | Evaluation {
  const attempt = attemptAt(situation, strategy);
  if (attempt.prepared !== undefined) return attempt.prepared;
  attempt.evaluation ??= refusal(situation, attempt.shown());
  return attempt.evaluation;
}
