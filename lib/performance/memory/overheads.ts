import { calibrated } from "../calibration/calibrated";
import type { Derivation } from "../derivation";
import { hasOldRuntime } from "../engine/engine-profile";
import { hasChange } from "../engine/version-changes";
import { sharingReplicas } from "../shards/expert-ranks";
import { captureSizes, defaultCudaGraphs } from "../step/cuda-graph-padding";
import type { EngineProfile } from "../types";
import { memoryConstants as c } from "./constants";
import { draftBufferBytes } from "./draft-memory";
import type { MemoryInput } from "./memory-input";

const GIB = 2 ** 30;

/** Counts its memory as vLLM does. */
export function isVllm(engine: EngineProfile): boolean {
  return engine.name === "vLLM" || engine.name === "SGLang";
}

/**
 * Peak of activations in bytes. Forward pass and sampler peak one after the other, so the larger counts: the sampler
 * with max_num_seqs x vocabulary (drafts add no rows to the one that vLLM profiles), the forward pass with the batched tokens.
 * Hidden states that a drafter reads are kept beside both.
 */
function activationBytes(input: MemoryInput, isLastStage: boolean): number {
  const { model, maxNumBatchedTokens } = input;
  const sampler = isLastStage ? input.maxNumSeqs * model.vocabularySize * c.samplerBytesPerLogit : 0;
  const kept = isLastStage ? draftBufferBytes(input) : 0;
  return Math.max(forwardBytes(input, maxNumBatchedTokens), sampler) + kept;
}

/** Live activations of a forward pass over `tokens` tokens, in bytes. */
function forwardBytes(input: MemoryInput, tokens: number): number {
  const { model, tensorParallel } = input;
  const hidden = (c.hiddenCopies * model.hiddenSize) / input.sequenceParallel;
  const width = model.experts
    ? model.experts.intermediateSize * (model.experts.activePerToken + model.experts.shared)
    : model.intermediateSize;
  const gathered = GATHERED_COPIES * gatheringReplicas(input) * model.hiddenSize;
  return tokens * 2 * (hidden + (c.mlpCopies * width) / tensorParallel + gathered);
}

/** Hidden states of the tokens of all replicas that share experts: gathered before them, and to be scattered after. */
const GATHERED_COPIES = 2;

/** Replicas whose tokens a rank gathers; 0 when it has only its own. */
function gatheringReplicas(input: MemoryInput): number {
  const replicas = input.model.experts ? sharingReplicas(input) : 1;
  return replicas > 1 ? replicas : 0;
}

/** Times that each size is captured: with adapters once for steps that use some, and once for steps that use none. */
const captures = ({ adapters }: MemoryInput): number => (adapters ? 2 : 1);

/** Captured CUDA graphs: each size by itself, and one pool of buffers for the largest of them. */
function cudaGraphBytes(input: MemoryInput): number {
  const graphs =
    input.cudaGraphs ??
    defaultCudaGraphs(input.gpu, { ...input, draftTokens: input.draft?.draftTokens ?? 0 });
  return (
    captures(input) * captureSizes(graphs).length * c.cudaGraphBytesPerSize +
    forwardBytes(input, graphs.largestTokens)
  );
}

function tensorRtBufferBytes({ engine, tensorParallel, constants = calibrated }: MemoryInput): number {
  const gib = hasOldRuntime(engine)
    ? constants.oldRuntimeBufferGib + constants.oldRuntimeShardedBufferGib / tensorParallel
    : constants.tensorRtBufferGib;
  return gib * GIB;
}

interface Overheads {
  readonly activationBytes: number;
  readonly nonTorchBytes: number;
  readonly cudaGraphBytes: number;
}

/** Everything beside weights and cache on a GPU of a stage, in bytes. */
export function overheads(input: MemoryInput, isLastStage: boolean): Overheads {
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

/** How `forwardBytes` counts the activations of one token. */
function perToken(input: MemoryInput): Derivation {
  const { model, tensorParallel, sequenceParallel } = input;
  const expertReplicas = gatheringReplicas(input);
  const gathered = expertReplicas > 0 ? ` + ${GATHERED_COPIES} * expertReplicas * hiddenSize` : "";
  const { hiddenSize, intermediateSize, experts } = model;
  const width = experts ? "expertWidth * (activeExperts + sharedExperts)" : "intermediateSize";
  const shape: Derivation["inputs"] = experts
    ? {
        expertWidth: experts.intermediateSize,
        activeExperts: experts.activePerToken,
        sharedExperts: experts.shared,
      }
    : { intermediateSize };
  return {
    formula: `2 * (${c.hiddenCopies} * hiddenSize / sequenceParallel + ${c.mlpCopies} * ${width} / tensorParallel${gathered})`,
    inputs: {
      hiddenSize,
      sequenceParallel,
      ...shape,
      tensorParallel,
      ...(expertReplicas > 0 ? { expertReplicas } : {}),
    },
  };
}

const NOTHING: Derivation = { formula: "0", inputs: {} };

/** How `overheads` counts each part for vLLM. */
export function overheadDerivations(
  input: MemoryInput,
  isLastStage: boolean,
): Readonly<Record<keyof Overheads, Derivation>> {
  const { model, maxNumSeqs, maxNumBatchedTokens } = input;
  if (input.gpu.kind === "cpu")
    return { activationBytes: NOTHING, nonTorchBytes: NOTHING, cudaGraphBytes: NOTHING };
  const token = perToken(input);
  const forward = `maxNumBatchedTokens * ${token.formula}`;
  const sampler = `maxNumSeqs * vocabularySize * ${c.samplerBytesPerLogit}`;
  const graphs =
    input.cudaGraphs ??
    defaultCudaGraphs(input.gpu, { ...input, draftTokens: input.draft?.draftTokens ?? 0 });
  return {
    activationBytes: isLastStage
      ? {
          formula: `max(${forward}, ${sampler})${input.draft ? " + 2 * keptElements * maxNumBatchedTokens" : ""}`,
          inputs: {
            ...(input.draft ? { keptElements: input.draft.keptElements } : {}),
            maxNumBatchedTokens,
            ...token.inputs,
            maxNumSeqs,
            vocabularySize: model.vocabularySize,
          },
        }
      : { formula: forward, inputs: { maxNumBatchedTokens, ...token.inputs } },
    nonTorchBytes: {
      formula: `(gpusPerReplica > 1 ? ${c.nonTorchBytesInGroup / GIB} : ${c.nonTorchBytesAlone / GIB}) * 2 ** 30`,
      inputs: { gpusPerReplica: input.tensorParallel * input.pipelineParallel },
    },
    cudaGraphBytes: hasChange(input.engine, "graphsInsideBudget")
      ? {
          formula: `capturedSizes * ${c.cudaGraphBytesPerSize / 2 ** 20} * 2 ** 20 + largestTokens * ${token.formula}`,
          inputs: {
            capturedSizes: captures(input) * captureSizes(graphs).length,
            largestTokens: graphs.largestTokens,
            ...token.inputs,
          },
        }
      : NOTHING,
  };
}
