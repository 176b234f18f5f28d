import { parametersOf, weightBytesOnRank } from "./count-tensors";
import { queryKeyNormWeights } from "./families/query-key-norm";
import type { ModelArchitecture } from "./types";

/** Parameters of a model by where they live. All are counts, not bytes. */
export interface ParameterCount {
  /** Query, key, value and output projections of one layer. */
  readonly attentionPerLayer: number;
  /** Gate, up and down projections of one layer; for MoE all experts, the shared ones and the router. */
  readonly mlpPerLayer: number;
  /** Norm weights of one layer. */
  readonly normsPerLayer: number;
  readonly embedding: number;
  /** Output projection; 0 when it shares the embedding's matrix. */
  readonly logits: number;
  readonly finalNorm: number;
  readonly total: number;
}

/** Projections of latent attention: queries (through their compressed width), compressed keys and values, both unfolded, output. */
function latentParameters(
  { hiddenSize, attentionHeads }: ModelArchitecture,
  latent: NonNullable<ModelArchitecture["latentAttention"]>,
): number {
  const { keyValueRank, ropeHeadDim, queryRank, queryHeadDim, valueHeadDim } = latent;
  const queries = attentionHeads * queryHeadDim;
  const queryPart = queryRank === undefined ? hiddenSize * queries : queryRank * (hiddenSize + queries);
  const unfolded = attentionHeads * (queryHeadDim - ropeHeadDim + valueHeadDim);
  const output = attentionHeads * valueHeadDim * hiddenSize;
  return queryPart + hiddenSize * (keyValueRank + ropeHeadDim) + keyValueRank * unfolded + output;
}

/**
 * Counts the parameters of a decoder-only transformer from its shapes.
 * Llama-3-70B gives 70 553 706 496, the sum of its published tensors.
 */
export function countParameters(model: ModelArchitecture): ParameterCount {
  const parts = countParts(model);
  return model.tensors ? { ...parts, total: parametersOf(model.tensors) } : parts;
}

function countParts(model: ModelArchitecture): ParameterCount {
  const queries = model.attentionHeads * model.headDim;
  const keysAndValues = 2 * model.keyValueHeads * model.headDim;
  const bias = model.attentionBias ? queries + keysAndValues : 0;
  const attentionPerLayer = model.latentAttention
    ? latentParameters(model, model.latentAttention)
    : model.hiddenSize * (2 * queries + keysAndValues) + bias;
  const mlpPerLayer = model.experts
    ? 3 * model.hiddenSize * model.experts.intermediateSize * (model.experts.count + model.experts.shared) +
      model.hiddenSize * model.experts.count
    : 3 * model.hiddenSize * model.intermediateSize;
  const normsPerLayer =
    2 * model.hiddenSize + queryKeyNormWeights(model.queryKeyNorm, { ...model, heads: model.attentionHeads });
  const embedding = model.vocabularySize * model.hiddenSize;
  const logits = model.tiedEmbeddings ? 0 : embedding;
  const finalNorm = model.hiddenSize;
  const total =
    model.layers * (attentionPerLayer + mlpPerLayer + normsPerLayer) + embedding + logits + finalNorm;
  return { attentionPerLayer, mlpPerLayer, normsPerLayer, embedding, logits, finalNorm, total };
}

/**
 * Bytes of all weights of one copy of the model.
 * FP8 checkpoints keep embedding, output projection, norms and router in BF16, as vLLM and the published ones do.
 */
export function weightBytes(model: ModelArchitecture, precision: "bf16" | "fp8"): number {
  if (model.tensors) {
    const whole = { firstLayer: 0, layers: model.layers, isFirstStage: true, isLastStage: true };
    const onLoad = precision === "fp8" && !model.checkpoint ? { onLoad: { format: "fp8" as const } } : {};
    return weightBytesOnRank(model.tensors, whole, { tensorParallel: 1, expertParallel: 1, ...onLoad });
  }
  const count = countParameters(model);
  if (precision === "bf16") return 2 * count.total;
  const router = model.experts ? model.hiddenSize * model.experts.count : 0;
  const quantized = model.layers * (count.attentionPerLayer + count.mlpPerLayer - router);
  return quantized + 2 * (count.total - quantized);
}
