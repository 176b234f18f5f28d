import type { Derivation } from "../derivation";
import { memoryConstants as c } from "./constants";
import { draftWeightBytes, stageKvBytesPerToken, stageKvDerivation } from "./draft-memory";
import { expertBufferBytes } from "./expert-buffer";
import { BLOCK_TOKENS, type KvInput } from "./kv-bytes";
import { adapterBytes } from "./lora-memory";
import type { MemoryInput } from "./memory-input";
import { type GpuMemory, inLongestSequences, kvInput, stageShards } from "./memory-per-gpu";
import { overheadDerivations } from "./overheads";
import { type WeightShards, weightsDerivation } from "./weights-of-stage";

/** Parts of a GPU's memory that have a formula. */
export type DerivedMemory =
  | "usableBytes"
  | "weightsBytes"
  | "activationBytes"
  | "nonTorchBytes"
  | "cudaGraphBytes"
  | "kvCacheBytes";

/** How each part of the memory of one GPU was computed: `memoryPerGpu` for vLLM, as formulas. */
export function memoryDerivations(
  input: MemoryInput,
  { stage, ...gpu }: GpuMemory,
): Readonly<Record<DerivedMemory, Derivation>> {
  const shards = stageShards(input, stage);
  const { usableBytes, weightsBytes, activationBytes, nonTorchBytes, cudaGraphBytes, totalBytes } = gpu;
  return {
    usableBytes: {
      formula: "totalBytes * gpuMemoryUtilization",
      inputs: { totalBytes, gpuMemoryUtilization: input.gpuMemoryUtilization },
    },
    weightsBytes: besideWeights(input, shards, weightsDerivation(input.model, shards)),
    ...overheadDerivations(input, shards.isLastStage),
    kvCacheBytes: {
      formula: "usableBytes - weightsBytes - activationBytes - nonTorchBytes - cudaGraphBytes",
      inputs: { usableBytes, weightsBytes, activationBytes, nonTorchBytes, cudaGraphBytes },
    },
  };
}

/** What stands beside the model's weights: slots for adapters, the drafter on the last stage, room for moved experts. */
function besideWeights(input: MemoryInput, shards: WeightShards, own: Derivation): Derivation {
  const { model, adapters, draft, expertBalancing } = input;
  const terms: Derivation[] = [
    ...(draft && shards.isLastStage
      ? [{ formula: "drafterBytes", inputs: { drafterBytes: draftWeightBytes(input) } }]
      : []),
    ...(adapters
      ? [
          {
            formula: "maxLoras * adapterBytes",
            inputs: { maxLoras: adapters.maxLoras, adapterBytes: adapterBytes(model, shards, adapters) },
          },
        ]
      : []),
    ...(expertBalancing
      ? [{ formula: "expertBufferBytes", inputs: { expertBufferBytes: expertBufferBytes(input, shards) } }]
      : []),
  ];
  return {
    formula: [own, ...terms].map(({ formula }) => formula).join(" + "),
    inputs: Object.assign({}, ...[own, ...terms].map(({ inputs }) => inputs)),
  };
}

/**
 * How the tokens in a replica's cache are counted, on the GPU with the least room for them: `overhead` is a factor on
 * activations, context and graphs.
 */
export function kvTokensDerivation(
  input: MemoryInput & KvInput,
  gpu: GpuMemory,
  overhead: number,
): Derivation {
  const perToken = stageKvDerivation(kvInput(input), stageShards(input, gpu.stage));
  const { usableBytes, weightsBytes, activationBytes, nonTorchBytes, cudaGraphBytes } = gpu;
  return {
    formula:
      `max(0, floor((usableBytes - weightsBytes - ${overhead} * (activationBytes + nonTorchBytes + cudaGraphBytes)) / (${perToken.formula}) / ${BLOCK_TOKENS})) * ${BLOCK_TOKENS}`.replace(
        "1 * (",
        "(",
      ),
    inputs: {
      usableBytes,
      weightsBytes,
      activationBytes,
      nonTorchBytes,
      cudaGraphBytes,
      ...perToken.inputs,
    },
  };
}

/** Factors on the overheads for the most and the fewest tokens that published logs allow. */
export const overheadEdges = { low: c.overheadHigh, high: c.overheadLow } as const;

/** How the tokens are counted that vLLM logs: in sequences of the longest length, on the stage that has room for the fewest. */
export function loggedTokensDerivation(
  input: MemoryInput,
  stages: readonly GpuMemory[],
  overhead: number,
): Derivation | undefined {
  const longest = inLongestSequences(input);
  const room = (gpu: GpuMemory): number => {
    const { usableBytes, weightsBytes, activationBytes, nonTorchBytes, cudaGraphBytes } = gpu;
    const taken = weightsBytes + overhead * (activationBytes + nonTorchBytes + cudaGraphBytes);
    return (usableBytes - taken) / stageKvBytesPerToken(longest, stageShards(input, gpu.stage));
  };
  const [fewest] = [...stages].sort((a, b) => room(a) - room(b));
  return fewest && kvTokensDerivation(longest, fewest, overhead);
}
