import { countParameters, type ModelArchitecture } from "../../catalog";
import { type KernelPrecision, weightBytes } from "../kernels/precision";
import type { KernelFormats, Precision } from "../types";

/** How one replica's weights are cut. */
export interface WeightShards {
  readonly precision: Precision;
  readonly formats?: KernelFormats;
  readonly tensorParallel: number;
  /** GPUs over which experts are spread; 1 cuts them by tensorParallel. */
  readonly expertParallel: number;
  /** Layers of the stage. */
  readonly layers: number;
  readonly isFirstStage: boolean;
  readonly isLastStage: boolean;
}

/** Bytes of a projection parameter; FP8 checkpoints keep embedding, output projection, norms and router in BF16. */
const BF16_BYTES = 2;

/** Bytes of a weight in attention and behind it; shared experts count as routed ones. */
function formatBytes({ precision, formats }: WeightShards) {
  const of = (format: KernelPrecision | undefined) => weightBytes(format ?? precision);
  return { attention: of(formats?.attention), feedForward: of(formats?.experts ?? formats?.feedForward) };
}

/**
 * Bytes of weights on one GPU of a stage, as vLLM loads them: projections and vocabulary cut by TP, key and value heads
 * replicated when there are fewer than ranks, norms and the MoE router replicated on every rank.
 * Checked against vLLM's log: 33.88 GiB for Llama-3.3-70B FP8 at TP2 (llm-d/llm-d-benchmark) within 0.2 %.
 */
export function weightsOfStage(model: ModelArchitecture, shards: WeightShards): number {
  const { tensorParallel, layers } = shards;
  const count = countParameters(model);
  const bytes = formatBytes(shards);
  const keyValue = 2 * model.keyValueHeads * model.headDim * model.hiddenSize;
  const keyValueReplicas = Math.max(1, tensorParallel / model.keyValueHeads);
  const attention = (count.attentionPerLayer - keyValue + keyValue * keyValueReplicas) / tensorParallel;
  const router = model.experts ? model.hiddenSize * model.experts.count : 0;
  const mlp = (count.mlpPerLayer - router) / Math.max(tensorParallel, shards.expertParallel);
  const projections = attention * bytes.attention + mlp * bytes.feedForward;
  const perLayer = projections + (router + count.normsPerLayer) * BF16_BYTES;
  const vocabulary = (model.vocabularySize * model.hiddenSize * BF16_BYTES) / tensorParallel;
  const embedding = shards.isFirstStage ? vocabulary : 0;
  const logits = shards.isLastStage && !(model.tiedEmbeddings && shards.isFirstStage) ? vocabulary : 0;
  const finalNorm = shards.isLastStage ? count.finalNorm * BF16_BYTES : 0;
  return layers * perLayer + embedding + logits + finalNorm;
}
