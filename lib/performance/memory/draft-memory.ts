import { bytesOnRank } from "../../catalog";
import type { Derivation } from "../derivation";
import { expertPadding } from "./expert-padding";
import { type KvInput, kvBytesPerToken, type StageLayers } from "./kv-bytes";
import { kvBytesDerivation } from "./kv-derivation";
import type { MemoryInput } from "./memory-input";
import { weightsOfStage } from "./weights-of-stage";

const BF16_BYTES = 2;

const allLayers = ({ layers }: { readonly layers: number }): StageLayers => ({ firstLayer: 0, layers });

/**
 * Bytes of weights that speculative decoding adds to a GPU of the last stage: vLLM 0.33 loads the drafter there, cut over the
 * same tensor-parallel ranks (v1/worker/gpu/model_runner.py; draft_tensor_parallel_size). A module of the checkpoint takes
 * embedding and output projection from the model; on the last of several stages it keeps an embedding of its own
 * (v1/worker/gpu/spec_decode/eagle/utils.py, maybe_share_target_embed). 0 without speculative decoding.
 */
export function draftWeightBytes(input: MemoryInput): number {
  const { draft, pipelineParallel, tensorParallel, expertParallel, expertReplicas = 1 } = input;
  if (!draft) return 0;
  const { experts, tensors } = draft.model;
  const own = weightsOfStage(draft.model, {
    precision: draft.precision,
    ...(draft.formats ? { formats: draft.formats } : {}),
    tensorParallel,
    expertParallel: experts ? expertParallel : 1,
    expertReplicas: experts ? expertReplicas : 1,
    ...allLayers(draft.model),
    isFirstStage: draft.isWhole,
    isLastStage: draft.isWhole,
    expertPadding: expertPadding(input.gpu, input.engine),
    redundantExperts: input.expertBalancing?.redundantExperts ?? 0,
  });
  const keepsEmbedding = draft.method === "mtp" && pipelineParallel > 1 && tensors !== undefined;
  return (
    own +
    (keepsEmbedding
      ? bytesOnRank(tensors.embedding, { tensorParallel, expertParallel, expertTensorParallel: 1 })
      : 0)
  );
}

/** Bytes of hidden states that are kept for the drafter, for the tokens of a step. 0 without speculative decoding. */
export const draftBufferBytes = ({ draft, maxNumBatchedTokens }: MemoryInput): number =>
  draft ? BF16_BYTES * draft.keptElements * maxNumBatchedTokens : 0;

/** Bytes of keys and values of one token on a GPU of a stage, those of the drafter on the last one included. */
export function stageKvBytesPerToken(
  input: MemoryInput & KvInput,
  stage: StageLayers & { readonly isLastStage: boolean },
): number {
  const own = kvBytesPerToken(input.model, stage, input);
  const { draft } = input;
  return draft && stage.isLastStage ? own + kvBytesPerToken(draft.model, allLayers(draft.model), input) : own;
}

/** Inputs of a derivation under names that say that they are the drafter's. */
function ofDraft({ formula, inputs }: Derivation): Derivation {
  const named = (name: string) => `draft${name[0]?.toUpperCase()}${name.slice(1)}`;
  return {
    formula: formula.replace(/[a-zA-Z]\w*/g, (word) => (word in inputs ? named(word) : word)),
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [named(name), value])),
  };
}

/** How `stageKvBytesPerToken` counts. */
export function stageKvDerivation(
  input: MemoryInput & KvInput,
  stage: StageLayers & { readonly isLastStage: boolean },
): Derivation {
  const own = kvBytesDerivation(input.model, stage, input);
  const { draft } = input;
  if (!draft || !stage.isLastStage) return own;
  const drafted = ofDraft(kvBytesDerivation(draft.model, allLayers(draft.model), input));
  return { formula: `${own.formula} + ${drafted.formula}`, inputs: { ...own.inputs, ...drafted.inputs } };
}
