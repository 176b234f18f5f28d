import type { Layer, ModelTensors } from "./families/layer";
import { elementsOf, type Tensor } from "./families/tensor";
import { bytesOnRank, type TensorShards } from "./families/tensor-bytes";

const sum = (tensors: readonly Tensor[], of: (tensor: Tensor) => number): number =>
  tensors.reduce((total, tensor) => total + of(tensor), 0);

/** Layers of a pipeline stage and whether it holds what stands before and after them. */
export interface StageTensors {
  readonly firstLayer: number;
  readonly layers: number;
  readonly isFirstStage: boolean;
  readonly isLastStage: boolean;
}

const layerTensors = (layers: readonly Layer[]): readonly Tensor[] =>
  layers.flatMap(({ tensors }) => tensors);

/** Parameters of the whole model, its vision tower included. */
export function parametersOf(model: ModelTensors): number {
  return sum(
    [
      ...layerTensors(model.layers),
      model.embedding,
      ...(model.logits ? [model.logits] : []),
      model.finalNorm,
      ...model.vision,
    ],
    elementsOf,
  );
}

function countBytes(model: ModelTensors, stage: StageTensors, shards: TensorShards): number {
  const { firstLayer, layers, isFirstStage, isLastStage } = stage;
  const { embedding: holdsEmbedding, logits: holdsLogits } = model.onEveryStage;
  const held = [
    ...layerTensors(model.layers.slice(firstLayer, firstLayer + layers)),
    ...(isFirstStage || holdsEmbedding ? [model.embedding] : []),
    ...(isFirstStage ? model.vision : []),
    ...(isLastStage || holdsLogits ? [model.finalNorm, ...(model.logits ? [model.logits] : [])] : []),
    // A matrix that is shared by both ends stands on both when they are apart.
    ...(isLastStage && !isFirstStage && !holdsEmbedding && !model.logits ? [model.embedding] : []),
  ];
  return sum(held, (tensor) => bytesOnRank(tensor, shards));
}

/** Counted so far: strategies of one search, and of the machines that remedies try, cut many layers alike. */
const counted = new WeakMap<ModelTensors, Map<string, number>>();

/** Bytes of weights on one rank of a stage, as vLLM allocates them. */
export function weightBytesOnRank(model: ModelTensors, stage: StageTensors, shards: TensorShards): number {
  const ofModel = counted.get(model) ?? new Map<string, number>();
  counted.set(model, ofModel);
  const { firstLayer, layers, isFirstStage, isLastStage } = stage;
  const key = JSON.stringify([firstLayer, layers, isFirstStage, isLastStage, shards]);
  const bytes = ofModel.get(key) ?? countBytes(model, stage, shards);
  ofModel.set(key, bytes);
  return bytes;
}
