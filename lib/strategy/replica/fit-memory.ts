import { weightBytes } from "../../catalog";
import { cachePrecision, loadedPrecision, meanTokens } from "../../config";
import {
  allStageShards,
  type GpuMemory,
  type MemoryInput,
  type ReplicaMemory,
  replicaMemory,
  type StageShards,
} from "../../performance";
import type { Situation } from "../situation";
import type { MemoryPerGpu, ServingParameters, Strategy } from "../types";
import { shardingOf, stepsTogether } from "./sharding";
import { draftOf, weightFormats } from "./weight-formats";

/** Parts of the weights that are counted more than once, such as embeddings, are less than this share of them. */
export const COPIES = 1.25;

/** What the GPUs that hold a model once have for its weights alone, at least. */
export const leastWeightBytes = ({ model, deployment }: Pick<Situation, "model" | "deployment">): number =>
  weightBytes(model, loadedPrecision(deployment.model)) / COPIES;

/** Whether the GPUs that hold the weights once have not even the memory for that: what else lies there need not be counted. */
export function isTooHeavy(situation: Situation, strategy: Strategy): boolean {
  const { tensorParallel, pipelineParallel, dataParallel } = strategy;
  const replicas = stepsTogether(situation, strategy) ? dataParallel : 1;
  const { memoryBytes } = situation.hardware.gpu;
  return tensorParallel * pipelineParallel * replicas * memoryBytes <= leastWeightBytes(situation);
}

/** What the memory of a strategy under given serving parameters is counted from. */
export function memoryInput(
  situation: Situation,
  strategy: Strategy,
  serving: ServingParameters,
): MemoryInput {
  const { model, deployment, engine, hardware } = situation;
  const { workload } = deployment;
  return {
    model,
    gpu: hardware.gpu,
    ...weightFormats(situation),
    ...draftOf(situation),
    kvCacheDtype: cachePrecision(deployment.model),
    ...shardingOf(situation, strategy),
    pipelineParallel: Math.min(strategy.pipelineParallel, model.layers),
    engine,
    gpuMemoryUtilization: serving.gpuMemoryUtilization,
    maxNumSeqs: serving.maxNumSeqs,
    maxNumBatchedTokens: serving.maxNumBatchedTokens,
    sequenceTokens: meanTokens(workload.promptTokens) + meanTokens(workload.outputTokens),
    maxModelLen: serving.maxModelLen,
    prefixCaching: deployment.serving.prefixCaching,
    cudaGraphs: serving.cudaGraphs,
    ...(deployment.serving.lora.maxLoras > 0 ? { adapters: deployment.serving.lora } : {}),
  };
}

/** Memory of a replica under given serving parameters, before anything is simulated. */
export function fitMemory(
  situation: Situation,
  strategy: Strategy,
  serving: ServingParameters,
): ReplicaMemory {
  const input = memoryInput(situation, strategy, serving);
  const ofSituation = cut.get(situation) ?? new WeakMap<Strategy, StageShards[]>();
  cut.set(situation, ofSituation);
  const shards = ofSituation.get(strategy) ?? allStageShards(input);
  ofSituation.set(strategy, shards);
  return replicaMemory(input, shards);
}

/** Shards by situation and strategy: the same for every serving parameter that a search tries. */
const cut = new WeakMap<Situation, WeakMap<Strategy, StageShards[]>>();

const fixedBytes = (gpu: GpuMemory) =>
  gpu.weightsBytes + gpu.activationBytes + gpu.nonTorchBytes + gpu.cudaGraphBytes;

/** Does everything but the KV cache fit on every GPU of the replica? */
export function holdsWeights(fit: ReplicaMemory): boolean {
  return fit.stages.every((gpu) => gpu.kvCacheBytes > 0);
}

/** The GPU with the least room beside its weights and overheads. */
export function fullestGpu(fit: ReplicaMemory): GpuMemory {
  return fit.stages.reduce((fullest, gpu) => (gpu.kvCacheBytes < fullest.kvCacheBytes ? gpu : fullest));
}

/** What the workload demands of each GPU of a replica, in bytes, when `kvTokens` tokens lie in its KV cache. */
export function demandOfStages(fit: ReplicaMemory, kvTokens: number): number[] {
  return fit.stages.map((gpu) => fixedBytes(gpu) + kvTokens * gpu.kvBytesPerToken);
}

/** Relative spread (max - min) / mean; 0 for a single value. */
export function relativeSpread(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / mean;
}

/** The row of the plan: the fullest GPU, and the replica's cache. `kvTokens` of a replica are in use at most for 99 % of the time. */
export function memoryRow(fit: ReplicaMemory, kvTokens: number): MemoryPerGpu {
  const gpu = fullestGpu(fit);
  const demandBytes = Math.max(...demandOfStages(fit, kvTokens));
  return {
    totalBytes: gpu.totalBytes,
    usableBytes: gpu.usableBytes,
    weightsBytes: gpu.weightsBytes,
    activationBytes: gpu.activationBytes,
    nonTorchBytes: gpu.nonTorchBytes,
    cudaGraphBytes: gpu.cudaGraphBytes,
    kvCacheBytes: gpu.kvCacheBytes,
    kvCacheTokens: fit.kvCacheTokens,
    kvCacheTokensLow: fit.kvCacheTokensLow,
    kvCacheTokensHigh: fit.kvCacheTokensHigh,
    ...(fit.longest.tokens === fit.kvCacheTokens
      ? {}
      : { kvCacheTokensLogged: [fit.longest.low, fit.longest.high] as const }),
    demandBytes,
    demandFraction: demandBytes / gpu.totalBytes,
  };
}
