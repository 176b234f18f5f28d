import { partitionLayers } from "../shards/partition-layers";
import { memoryConstants as c } from "./constants";
import { draftWeightBytes, stageKvBytesPerToken } from "./draft-memory";
import { expertBufferBytes } from "./expert-buffer";
import { expertPadding } from "./expert-padding";
import { BLOCK_TOKENS, type KvInput } from "./kv-bytes";
import { adapterBytes } from "./lora-memory";
import type { MemoryInput } from "./memory-input";
import { isVllm, overheads } from "./overheads";
import { type WeightShards, weightsOfStage } from "./weights-of-stage";

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

/** The layers of a stage and how they are cut. */
export function stageShards(
  input: MemoryInput,
  stage: number,
): WeightShards & { readonly firstLayer: number } {
  const { model, precision, formats, tensorParallel, pipelineParallel, expertParallel, expertReplicas } =
    input;
  const partition = partitionLayers(model.layers, pipelineParallel);
  return {
    precision,
    ...(formats ? { formats } : {}),
    tensorParallel,
    expertParallel,
    ...(expertReplicas === undefined ? {} : { expertReplicas }),
    firstLayer: partition.slice(0, stage).reduce((sum, count) => sum + count, 0),
    layers: partition[stage],
    isFirstStage: stage === 0,
    isLastStage: stage === pipelineParallel - 1,
    expertPadding: expertPadding(input.gpu, input.engine),
    redundantExperts: input.expertBalancing?.redundantExperts ?? 0,
  };
}

/** The layers of one stage, and how they are cut. */
export type StageShards = ReturnType<typeof stageShards>;

/** The same of all stages. It depends on none of the serving parameters. */
export const allStageShards = (input: MemoryInput): StageShards[] =>
  Array.from({ length: input.pipelineParallel }, (_, stage) => stageShards(input, stage));

/** Memory of one GPU of pipeline stage `stage`, counted as the engine counts it. */
export function memoryPerGpu(
  input: MemoryInput,
  stage: number,
  shards: StageShards = stageShards(input, stage),
): GpuMemory {
  const { model, gpu } = input;
  const drafter = shards.isLastStage ? draftWeightBytes(input) : 0;
  const { adapters } = input;
  const slots = adapters ? adapters.maxLoras * adapterBytes(model, shards, adapters) : 0;
  const buffer = expertBufferBytes(input, shards);
  const weightsBytes = weightsOfStage(model, shards) + drafter + slots + buffer;
  const parts = overheads(input, shards.isLastStage);
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
    kvBytesPerToken: stageKvBytesPerToken(kvInput(input), shards),
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
export function replicaMemory(
  input: MemoryInput,
  shards: readonly StageShards[] = allStageShards(input),
): ReplicaMemory {
  const stages = shards.map((own, stage) => memoryPerGpu(input, stage, own));
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
    longest: inLongest(input, stages, shards),
  };
}

/** The same memory with the drafts that a sequence's states are kept for. */
export const kvInput = (input: MemoryInput): MemoryInput & KvInput =>
  input.draft ? { ...input, draftTokens: input.draft.draftTokens } : input;

/** The same memory, its tokens counted in sequences of the longest length. */
export function inLongestSequences(
  input: MemoryInput,
): MemoryInput & KvInput & { readonly inFlightTokens: number } {
  const { maxModelLen = input.sequenceTokens, maxNumBatchedTokens } = input;
  return {
    ...kvInput(input),
    ...(maxModelLen === undefined ? {} : { sequenceTokens: maxModelLen }),
    inFlightTokens: maxNumBatchedTokens * input.engine.batchesInFlight,
  };
}

/** Tokens of the replica's cache in sequences of the longest length. */
function inLongest(
  input: MemoryInput,
  stages: readonly GpuMemory[],
  shards: readonly StageShards[],
): ReplicaMemory["longest"] {
  const longest = inLongestSequences(input);
  const perToken = shards.map((own) => stageKvBytesPerToken(longest, own));
  const least = (bytes: (memory: GpuMemory) => number) =>
    Math.min(...stages.map((memory, stage) => tokensIn(bytes(memory), perToken[stage])));
  return {
    tokens: least(({ kvCacheBytes }) => kvCacheBytes),
    low: least(({ kvCacheBytesLow }) => kvCacheBytesLow),
    high: least(({ kvCacheBytesHigh }) => kvCacheBytesHigh),
  };
}
