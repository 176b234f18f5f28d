import { cachePrecision } from "../../config";
import {
  type CudaGraphs,
  defaultCudaGraphs,
  type LatencyModel,
  type ReplicaMemory,
  type StepShape,
  sharedLatencyModels,
} from "../../performance";
import type { Situation } from "../situation";
import type { ServingParameters, Strategy } from "../types";
import { fitMemory } from "./fit-memory";
import { shardingOf } from "./sharding";
import { draftOf, weightFormats } from "./weight-formats";

/** One replica of a strategy under given serving parameters: what it holds. */
export interface FittedReplica {
  readonly strategy: Strategy;
  readonly serving: ServingParameters;
  readonly memory: ReplicaMemory;
}

/** A replica with how fast it steps. */
export interface Replica extends FittedReplica {
  readonly latency: LatencyModel;
}

/** Makes the step-time model of a strategy for given CUDA graphs; all of them share their tables. */
export type StepModels = (graphs: CudaGraphs) => LatencyModel;

/** Step times of one replica under a strategy. */
export function stepModelsOf(situation: Situation, strategy: Strategy): StepModels {
  const { model, deployment, engine, hardware, network } = situation;
  return sharedLatencyModels({
    model,
    gpu: hardware.gpu,
    ...weightFormats(situation),
    kvCacheDtype: cachePrecision(deployment.model),
    ...shardingOf(situation, strategy),
    gpusPerNode: hardware.instance.gpus,
    network,
    engine,
    ...draftOf(situation),
  });
}

/** What a replica holds with given serving parameters, whether or not that fits. */
export function fitReplica(
  situation: Situation,
  strategy: Strategy,
  serving: ServingParameters,
): FittedReplica {
  return { strategy, serving, memory: fitMemory(situation, strategy, serving) };
}

/** A replica with given serving parameters. */
export function replicaOf(
  situation: Situation,
  strategy: Strategy,
  { serving, models }: { readonly serving: ServingParameters; readonly models: StepModels },
): Replica {
  return { ...fitReplica(situation, strategy, serving), latency: models(serving.cudaGraphs) };
}

const NO_GRAPHS: CudaGraphs = { largestTokens: 0, stride: 16 };
/** Up to here vLLM's own list is taken: what its users run. */
const OWN_LIST_TOKENS = 512;
/** Distance of captured sizes above 256 tokens beyond that: a padded step costs little, a graph costs memory and start time. */
const OWN_STRIDE = 64;

/** What was asked of the models of a strategy: each of its token budgets asks for nearly the same sizes. */
const launchBound = new WeakMap<StepModels, Map<number, boolean>>();

/** Is a step of this many tokens slower when its kernels are launched one by one? */
function isLaunchBound(models: StepModels, tokens: number): boolean {
  const known = launchBound.get(models) ?? new Map<number, boolean>();
  launchBound.set(models, known);
  const answer = known.get(tokens) ?? compareLaunches(models, tokens);
  known.set(tokens, answer);
  return answer;
}

function compareLaunches(models: StepModels, tokens: number): boolean {
  const step: StepShape = {
    tokens,
    decodeSequences: 0,
    decodeContextTokens: 0,
    prefillAttentionMs: 0,
    sampledSequences: 1,
  };
  const eager = models(NO_GRAPHS).stageMs(0, step);
  return eager > models({ largestTokens: tokens, stride: 1 }).stageMs(0, step) * 1.001;
}

/**
 * CUDA graphs of a replica: as far as launching kernels one by one would slow its steps, at most to its budget and at
 * least what vLLM captures by itself. That a graph holds a step with prompts as vLLM's piecewise graphs do is read in
 * its sources; the gain is derived from the launch time fitted on published runs, not measured.
 */
export function graphsFor(
  situation: Situation,
  models: StepModels,
  limits: { readonly maxNumSeqs: number; readonly maxNumBatchedTokens: number },
): CudaGraphs {
  const { hardware, deployment, draft } = situation;
  if (deployment.serving.enforceEager || hardware.gpu.kind === "cpu") return NO_GRAPHS;
  const own = defaultCudaGraphs(hardware.gpu, { ...limits, draftTokens: draft?.draftTokens ?? 0 });
  const pinned = deployment.serving.maxCudaGraphTokens;
  if (pinned !== "auto") return reach(Math.min(pinned, limits.maxNumBatchedTokens), own);
  let bound = own.largestTokens;
  let free = limits.maxNumBatchedTokens + 1;
  if (bound >= limits.maxNumBatchedTokens || !isLaunchBound(models, bound + 1)) return own;
  while (free - bound > OWN_STRIDE) {
    const middle = Math.floor((bound + free) / 2);
    if (isLaunchBound(models, middle)) bound = middle;
    else free = middle;
  }
  return reach(Math.min(limits.maxNumBatchedTokens, Math.ceil(free / OWN_STRIDE) * OWN_STRIDE), own);
}

function reach(largestTokens: number, own: CudaGraphs): CudaGraphs {
  const isOwnList = largestTokens <= Math.max(own.largestTokens, OWN_LIST_TOKENS);
  return { largestTokens, stride: isOwnList ? own.stride : OWN_STRIDE };
}
