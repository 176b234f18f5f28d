import type { Gpu, ModelArchitecture } from "../../catalog";
import { type CalibratedConstants, calibrated } from "../calibration/calibrated";
import { hasOldRuntime } from "../engine/engine-profile";
import { hasChange } from "../engine/version-changes";
import { partitionLayers } from "../shards/partition-layers";
import { type CudaGraphs, captureSizes, defaultCudaGraphs } from "../step/cuda-graph-padding";
import type { EngineProfile, KernelFormats, Precision } from "../types";
import { memoryConstants as c } from "./constants";
import { kvBytesPerToken } from "./kv-bytes";
import { weightsOfStage } from "./weights-of-stage";

/** What decides the memory of one GPU of a replica. */
export interface MemoryInput {
  readonly model: ModelArchitecture;
  readonly gpu: Gpu;
  readonly precision: Precision;
  readonly formats?: KernelFormats;
  readonly kvCacheDtype: Precision;
  readonly tensorParallel: number;
  readonly pipelineParallel: number;
  readonly expertParallel: number;
  /** 1 or tensorParallel: residual stream and norms sharded by token. */
  readonly sequenceParallel: number;
  readonly engine: EngineProfile;
  /** Share of the visible memory that the engine takes, 0..1. */
  readonly gpuMemoryUtilization: number;
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  /** Tokens of a typical sequence: what a layer with a window or a state caches of it. Default: shorter than any window. */
  readonly sequenceTokens?: number;
  /** Tokens of the longest sequence that the engine admits; default: a typical one. */
  readonly maxModelLen?: number;
  readonly prefixCaching?: boolean;
  /** Steps that are captured; default: what the engine captures by itself. */
  readonly cudaGraphs?: CudaGraphs;
  /** Fitted buffer sizes; a calibration passes its own. */
  readonly constants?: CalibratedConstants;
}

/** Memory of one GPU of one pipeline stage, in bytes. The parts and the KV cache sum to `usableBytes`. */
export interface GpuMemory {
  readonly stage: number;
  readonly totalBytes: number;
  /** Visible bytes times utilization. */
  readonly usableBytes: number;
  readonly weightsBytes: number;
  readonly activationBytes: number;
  readonly nonTorchBytes: number;
  readonly cudaGraphBytes: number;
  /** What is left for the KV cache; negative when the rest does not fit. */
  readonly kvCacheBytes: number;
  readonly kvCacheBytesLow: number;
  readonly kvCacheBytesHigh: number;
  /** KV bytes that one token takes on this GPU. */
  readonly kvBytesPerToken: number;
}

/** Memory of a replica: its stages, and the tokens that the tightest of them can cache. */
export interface ReplicaMemory {
  readonly stages: readonly GpuMemory[];
  /** The stage with the least room for tokens. */
  readonly tightest: GpuMemory;
  /** Whole blocks, in tokens; 0 when nothing fits. Low and high from the spread of published logs. */
  readonly kvCacheTokens: number;
  readonly kvCacheTokensLow: number;
  readonly kvCacheTokensHigh: number;
  /** The same in sequences of the longest length, as vLLM logs and checks it: windows and states count differently there. */
  readonly longest: { readonly tokens: number; readonly low: number; readonly high: number };
}

const BLOCK_TOKENS = 16;

function isVllm(engine: EngineProfile): boolean {
  return engine.name === "vLLM" || engine.name === "SGLang";
}

/**
 * Peak of activations in bytes. Forward pass and sampler peak one after the other, so the larger counts: the sampler
 * with max_num_seqs x vocabulary, the forward pass with the batched tokens.
 */
function activationBytes(input: MemoryInput, isLastStage: boolean): number {
  const { model, maxNumBatchedTokens } = input;
  const sampler = isLastStage ? input.maxNumSeqs * model.vocabularySize * c.samplerBytesPerLogit : 0;
  return Math.max(forwardBytes(input, maxNumBatchedTokens), sampler);
}

/** Live activations of a forward pass over `tokens` tokens, in bytes. */
function forwardBytes(input: MemoryInput, tokens: number): number {
  const { model, tensorParallel } = input;
  const hidden = (c.hiddenCopies * model.hiddenSize) / input.sequenceParallel;
  const width = model.experts
    ? model.experts.intermediateSize * (model.experts.activePerToken + model.experts.shared)
    : model.intermediateSize;
  return tokens * 2 * (hidden + (c.mlpCopies * width) / tensorParallel);
}

/** Captured CUDA graphs: each size by itself, and one pool of buffers for the largest of them. */
function cudaGraphBytes(input: MemoryInput): number {
  const graphs = input.cudaGraphs ?? defaultCudaGraphs(input.gpu, input);
  return captureSizes(graphs).length * c.cudaGraphBytesPerSize + forwardBytes(input, graphs.largestTokens);
}

function tensorRtBufferBytes({ engine, tensorParallel, constants = calibrated }: MemoryInput): number {
  const gib = hasOldRuntime(engine)
    ? constants.oldRuntimeBufferGib + constants.oldRuntimeShardedBufferGib / tensorParallel
    : constants.tensorRtBufferGib;
  return gib * 2 ** 30;
}

interface Overheads {
  readonly activationBytes: number;
  readonly nonTorchBytes: number;
  readonly cudaGraphBytes: number;
}

function overheads(input: MemoryInput, isLastStage: boolean): Overheads {
  if (input.gpu.kind === "cpu") return { activationBytes: 0, nonTorchBytes: 0, cudaGraphBytes: 0 };
  if (!isVllm(input.engine))
    return { activationBytes: tensorRtBufferBytes(input), nonTorchBytes: 0, cudaGraphBytes: 0 };
  const alone = input.tensorParallel * input.pipelineParallel === 1;
  return {
    activationBytes: activationBytes(input, isLastStage),
    nonTorchBytes: alone ? c.nonTorchBytesAlone : c.nonTorchBytesInGroup,
    cudaGraphBytes: hasChange(input.engine, "graphsInsideBudget") ? cudaGraphBytes(input) : 0,
  };
}

/** Memory of one GPU of pipeline stage `stage`, counted as the engine counts it. */
export function memoryPerGpu(input: MemoryInput, stage: number): GpuMemory {
  const { model, gpu, pipelineParallel } = input;
  const partition = partitionLayers(model.layers, pipelineParallel);
  const layers = partition[stage] ?? 0;
  const firstLayer = partition.slice(0, stage).reduce((sum, count) => sum + count, 0);
  const isLastStage = stage === pipelineParallel - 1;
  const shards = { ...input, firstLayer, layers, isFirstStage: stage === 0, isLastStage };
  const weightsBytes = weightsOfStage(model, shards);
  const parts = overheads(input, isLastStage);
  const overhead = parts.activationBytes + parts.nonTorchBytes + parts.cudaGraphBytes;
  // vLLM's utilization is a share of all visible memory; TensorRT-LLM's is a share of what weights and buffers leave.
  const share = input.gpuMemoryUtilization;
  const usableBytes = isVllm(input.engine)
    ? gpu.visibleMemoryBytes * share
    : weightsBytes + overhead + (gpu.visibleMemoryBytes - weightsBytes - overhead) * share;
  const kvCacheBytes = usableBytes - weightsBytes - overhead;
  return {
    stage,
    totalBytes: gpu.visibleMemoryBytes,
    usableBytes,
    weightsBytes,
    ...parts,
    kvCacheBytes,
    kvCacheBytesLow: kvCacheBytes - overhead * (c.overheadHigh - 1),
    kvCacheBytesHigh: kvCacheBytes + overhead * (1 - c.overheadLow),
    kvBytesPerToken: kvBytesPerToken(model, { firstLayer, layers }, input),
  };
}

function tokensIn(bytes: number, bytesPerToken: number): number {
  return Math.max(0, Math.floor(bytes / bytesPerToken / BLOCK_TOKENS)) * BLOCK_TOKENS;
}

/**
 * Memory of all stages of a replica. Formula of vLLM 0.11: KV = utilization x visible - weights - activation peak -
 * non-torch; it reproduces vLLM's logged KV cache within 0.01 GiB when fed its logged parts (planner check on
 * bench/data/vllm-memory.csv). The parts themselves are estimates, hence the band.
 */
export function replicaMemory(input: MemoryInput): ReplicaMemory {
  const stages = Array.from({ length: input.pipelineParallel }, (_, stage) => memoryPerGpu(input, stage));
  const tokens = (memory: GpuMemory): number => tokensIn(memory.kvCacheBytes, memory.kvBytesPerToken);
  const tightest = stages.reduce((least, memory) =>
    memory.kvCacheBytes / memory.kvBytesPerToken < least.kvCacheBytes / least.kvBytesPerToken
      ? memory
      : least,
  );
  return {
    stages,
    tightest,
    kvCacheTokens: tokens(tightest),
    kvCacheTokensLow: tokensIn(tightest.kvCacheBytesLow, tightest.kvBytesPerToken),
    kvCacheTokensHigh: tokensIn(tightest.kvCacheBytesHigh, tightest.kvBytesPerToken),
    longest: inLongest(input, stages),
  };
}

/** Tokens of the replica's cache in sequences of the longest length. */
function inLongest(input: MemoryInput, stages: readonly GpuMemory[]): ReplicaMemory["longest"] {
  const { model, maxModelLen = input.sequenceTokens, maxNumBatchedTokens, pipelineParallel } = input;
  const partition = partitionLayers(model.layers, pipelineParallel);
  const longest = {
    ...input,
    ...(maxModelLen === undefined ? {} : { sequenceTokens: maxModelLen }),
    inFlightTokens: maxNumBatchedTokens * input.engine.batchesInFlight,
  };
  const perToken = stages.map(({ stage }) => {
    const firstLayer = partition.slice(0, stage).reduce((sum, count) => sum + count, 0);
    return kvBytesPerToken(model, { firstLayer, layers: partition[stage] ?? 0 }, longest);
  });
  const least = (bytes: (memory: GpuMemory) => number) =>
    Math.min(...stages.map((memory, stage) => tokensIn(bytes(memory), perToken[stage] ?? 1)));
  return {
    tokens: least(({ kvCacheBytes }) => kvCacheBytes),
    low: least(({ kvCacheBytesLow }) => kvCacheBytesLow),
    high: least(({ kvCacheBytesHigh }) => kvCacheBytesHigh),
  };
}
