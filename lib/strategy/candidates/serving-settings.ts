import type { Deployment } from "../../config";
import { defaultCudaGraphs, type LatencyModel } from "../../performance";
import { fullestGpu } from "../replica/fit-memory";
import {
  type FittedReplica,
  fitReplica,
  graphsFor,
  type Replica,
  replicaOf,
  type StepModels,
  stepModelsOf,
} from "../replica/replica";
import { type RatedByHand, saturatedRateByHand } from "../replica/saturated-rate";
import type { Situation } from "../situation";
import type { ServingParameters, Strategy } from "../types";

/** Token budgets worth trying: powers of two and the steps half way between, largest first. */
const BUDGETS = [16_384, 12_288, 8192, 6144, 4096, 3072, 2048, 1536, 1024, 768, 512, 384, 256, 192, 128];
/** Fewer sequences than this make no service. */
const FEWEST_SEQUENCES = 8;

/** Serving parameters that a strategy may run with. */
export interface ServingSettings {
  /** Numbers of sequences worth trying, most first; each with its token budgets, largest first. Empty when none fits. */
  readonly fitting: readonly (readonly Replica[])[];
  /** What to show when none fits: the envelope's bounds if the weights alone are too large, else the least demanding. */
  readonly shown: () => FittedReplica;
}

/** Sequences and tokens of a step: what the other serving parameters follow from. */
type Limits = Pick<ServingParameters, "maxNumSeqs" | "maxNumBatchedTokens">;

/** The envelope's upper bounds, or the pinned values. */
function bounds({ deployment }: Situation): Limits {
  const { serving, envelope } = deployment;
  return {
    maxNumSeqs: serving.maxNumSeqs === "auto" ? envelope.maxNumSeqs : serving.maxNumSeqs,
    maxNumBatchedTokens:
      serving.maxNumBatchedTokens === "auto" ? envelope.maxNumBatchedTokens : serving.maxNumBatchedTokens,
  };
}

/** What no search sets: as the config says. */
function fixed({ deployment }: Situation) {
  const { gpuMemoryUtilization, prefillInterval, watermark } = deployment.serving;
  return { maxModelLen: deployment.envelope.maxModelLen, gpuMemoryUtilization, prefillInterval, watermark };
}

/** What a strategy that cannot run is shown with: the envelope's bounds, and vLLM's own CUDA graphs. */
export function unfittedServing(situation: Situation): ServingParameters {
  const limits = bounds(situation);
  return {
    ...limits,
    ...fixed(situation),
    cudaGraphs: defaultCudaGraphs(situation.hardware.gpu, {
      ...limits,
      draftTokens: situation.draft?.draftTokens ?? 0,
    }),
  };
}

/** Sequences worth trying: the bound and its halves; just the pinned number where it is pinned. */
function sequenceSteps({ deployment }: Situation, most: number): number[] {
  if (deployment.serving.maxNumSeqs !== "auto") return [most];
  const steps = [most];
  for (let n = Math.floor(most / 2); n >= FEWEST_SEQUENCES; n = Math.floor(n / 2)) steps.push(n);
  return steps;
}

/**
 * Budgets worth trying beside `maxNumSeqs` sequences; vLLM wants a token for each, and one for each of its drafts lest they
 * wait for each other. Just the pinned one where it is pinned.
 */
function budgetSteps({ deployment, draft }: Situation, most: number, maxNumSeqs: number): number[] {
  if (deployment.serving.maxNumBatchedTokens !== "auto") return [most];
  const least = maxNumSeqs * (1 + (draft?.draftTokens ?? 0));
  return [most, ...BUDGETS.filter((budget) => budget < most && budget >= least)];
}

/** What replicas that step alike have in common, whichever machines hold them. */
interface Alike {
  settings?: ServingSettings;
  /** Requests per second of one of them at most (see mostRateOfSettings). */
  mostRate?: number;
}

/** What is known already, by what cuts the model and what the deployment says beside its machines. */
const known = new WeakMap<StepModels, Map<string, Alike>>();

function alikeOf({ deployment }: Situation, models: StepModels): Alike {
  const ofModels = known.get(models) ?? new Map<string, Alike>();
  known.set(models, ofModels);
  const key = questionOf(deployment);
  const alike = ofModels.get(key) ?? {};
  ofModels.set(key, alike);
  return alike;
}

/**
 * The settings that a strategy may run with (see settingsOf). Replicas on other machines that step alike have the same ones:
 * those are searched once.
 */
export function servingSettings(situation: Situation, strategy: Strategy): ServingSettings {
  const models = stepModelsOf(situation, strategy);
  const alike = alikeOf(situation, models);
  alike.settings ??= settingsOf(situation, strategy, models);
  const { fitting, shown } = alike.settings;
  const own = <T extends FittedReplica>(replica: T): T => ({ ...replica, strategy });
  return { fitting: fitting.map((replicas) => replicas.map(own)), shown: () => own(shown()) };
}

/**
 * Requests per second by hand over all budgets that a strategy may run with, with a cache without end and the graphs of the
 * largest: cheap, because no memory is counted, and about as high as that of each of its settings at least.
 */
export function mostRateOfSettings(situation: Situation, strategy: Strategy): number {
  const models = stepModelsOf(situation, strategy);
  const alike = alikeOf(situation, models);
  // Of one replica: the rate of all is as many times that.
  const one = { ...strategy, dataParallel: 1 };
  alike.mostRate ??= Math.max(
    ...withoutMemory(situation, one, models).map((replica) => saturatedRateByHand(situation, replica)),
  );
  return alike.mostRate * strategy.dataParallel;
}

function withoutMemory(situation: Situation, strategy: Strategy, models: StepModels): RatedByHand[] {
  const { maxNumSeqs, maxNumBatchedTokens: largest } = bounds(situation);
  const cudaGraphs = graphsFor(situation, models, { maxNumSeqs, maxNumBatchedTokens: largest });
  const latency = models(cudaGraphs);
  const memory = { kvCacheTokens: Number.POSITIVE_INFINITY };
  return budgetSteps(situation, largest, 0).map((maxNumBatchedTokens) => {
    const serving = { maxNumSeqs, maxNumBatchedTokens, ...fixed(situation), cudaGraphs };
    return { strategy, serving, latency, memory };
  });
}

/** What a deployment says beside its machines, as text: all that settings depend on. */
export function questionOf(deployment: Deployment): string {
  const { hardware: _, strategy: __, cost: ___, ...rest } = deployment;
  const key = keys.get(deployment) ?? JSON.stringify(rest);
  keys.set(deployment, key);
  return key;
}

const keys = new WeakMap<Deployment, string>();

/** Whether the weights alone, which no setting changes, are more than some GPU may hold. */
const isTooHeavy = (situation: Situation, strategy: Strategy): boolean =>
  fitReplica(situation, strategy, unfittedServing(situation)).memory.stages.some(
    ({ weightsBytes, usableBytes }) => weightsBytes > usableBytes,
  );

/**
 * All settings within the envelope (or the pins) at which the KV cache holds one of the longest sequences: fewer
 * sequences need less sampler memory, fewer tokens a step less activation memory. The most sequences that leave at
 * least one budget come first; then, where the sequences are free, as many as the largest batch that the envelope allows,
 * which makes the rest wait instead of exceeding it.
 */
function settingsOf(situation: Situation, strategy: Strategy, models: StepModels): ServingSettings {
  const { envelope, serving } = situation.deployment;
  const most = bounds(situation);
  // Most budgets run with the same graphs, and what is asked of their steps is remembered by model.
  const made = new Map<string, LatencyModel>();
  const modelsOnce: StepModels = (graphs) => {
    const key = `${graphs.largestTokens} ${graphs.stride}`;
    const model = made.get(key) ?? models(graphs);
    made.set(key, model);
    return model;
  };
  const withGraphs = (limits: Limits): ServingParameters => ({
    ...limits,
    ...fixed(situation),
    cudaGraphs: graphsFor(situation, models, limits),
  });
  const budgetsAt = (maxNumSeqs: number): ServingParameters[] =>
    budgetSteps(situation, most.maxNumBatchedTokens, maxNumSeqs).map((maxNumBatchedTokens) =>
      withGraphs({ maxNumSeqs, maxNumBatchedTokens }),
    );
  const replicasAt = (options: readonly ServingParameters[]): Replica[] =>
    options
      .map((option) => replicaOf(situation, strategy, { serving: option, models: modelsOnce }))
      .filter(({ memory, serving: own }) => memory.longest.tokens >= own.maxModelLen);
  const steps = sequenceSteps(situation, most.maxNumSeqs);
  for (const maxNumSeqs of isTooHeavy(situation, strategy) ? [] : steps) {
    const replicas = replicasAt(budgetsAt(maxNumSeqs));
    const [first] = replicas;
    if (first === undefined) continue;
    const isFree = serving.maxNumSeqs === "auto" && envelope.maxBatchSize < maxNumSeqs;
    const fewer = isFree ? replicasAt(budgetsAt(envelope.maxBatchSize)) : [];
    return {
      fitting: fewer.length > 0 ? [replicas, fewer] : [replicas],
      shown: () => first,
    };
  }
  const shown = (): FittedReplica => {
    const largest = fitReplica(situation, strategy, withGraphs(most));
    const gpu = fullestGpu(largest.memory);
    const least = budgetsAt(steps.at(-1) ?? most.maxNumSeqs).at(-1) ?? withGraphs(most);
    return gpu.weightsBytes > gpu.usableBytes ? largest : fitReplica(situation, strategy, least);
  };
  return { fitting: [], shown };
}
