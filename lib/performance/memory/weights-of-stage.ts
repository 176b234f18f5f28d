import { countParameters, type ModelArchitecture, weightBytesOnRank } from "../../catalog";
import { type KernelPrecision, weightBytes } from "../kernels/precision";
import type { KernelFormats, Precision } from "../types";

/** How one replica's weights are cut. */
export interface WeightShards {
  readonly precision: Precision;
  readonly formats?: KernelFormats;
  readonly tensorParallel: number;
  /** GPUs over which experts are spread; 1 cuts them by tensorParallel. */
  readonly expertParallel: number;
  /** First layer of the stage; default 0. */
  readonly firstLayer?: number;
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
 * replicated when there are fewer than ranks, norms and the MoE router replicated on every rank. Expert parallelism spreads
 * the routed experts alone: shared ones are cut by TP.
 * Checked against vLLM's log: 33.88 GiB for Llama-3.3-70B FP8 at TP2 (llm-d/llm-d-benchmark) within 0.2 %.
 */
export function weightsOfStage(model: ModelArchitecture, shards: WeightShards): number {
  const { tensorParallel, layers } = shards;
  if (model.tensors) {
    // A quantised checkpoint is loaded as it is; only an unquantised one may be quantised while loading.
    const onLoad =
      shards.precision === "fp8" && !model.checkpoint ? { onLoad: { format: "fp8" as const } } : {};
    return weightBytesOnRank(
      model.tensors,
      { ...shards, firstLayer: shards.firstLayer ?? 0 },
      { tensorParallel, expertParallel: shards.expertParallel, ...onLoad },
    );
  }
  const count = countParameters(model);
  const bytes = formatBytes(shards);
  const keyValue = 2 * model.keyValueHeads * model.headDim * model.hiddenSize;
  const keyValueReplicas = Math.max(1, tensorParallel / model.keyValueHeads);
  const attention = (count.attentionPerLayer - keyValue + keyValue * keyValueReplicas) / tensorParallel;
  const router = model.experts ? model.hiddenSize * model.experts.count : 0;
  const sharedExperts =
    3 * model.hiddenSize * (model.experts?.shared ?? 0) * (model.experts?.intermediateSize ?? 0);
  const mlp =
    (count.mlpPerLayer - router - sharedExperts) / Math.max(tensorParallel, shards.expertParallel) +
    sharedExperts / tensorParallel;
  const projections = attention * bytes.attention + mlp * bytes.feedForward;
  const perLayer = projections + (router + count.normsPerLayer) * BF16_BYTES;
  const vocabulary = (model.vocabularySize * model.hiddenSize * BF16_BYTES) / tensorParallel;
  const everywhere = holdsVocabularyOnEveryStage(model);
  const embedding = shards.isFirstStage || everywhere ? vocabulary : 0;
  const isTied = model.tiedEmbeddings && embedding > 0;
  const logits = (shards.isLastStage || everywhere) && !isTied ? vocabulary : 0;
  const finalNorm = shards.isLastStage || everywhere ? count.finalNorm * BF16_BYTES : 0;
  return layers * perLayer + embedding + logits + finalNorm;
}

/**
 * vLLM's classes of Mixtral, Qwen 2 and 3 MoE and gpt-oss make embedding, last norm and output projection on every stage
 * of a pipeline (0.33.0: vllm/model_executor/models/mixtral.py, qwen2_moe.py, qwen3_moe.py, gpt_oss.py); those of dense
 * models and of multi-head latent attention make them where they are used.
 */
function holdsVocabularyOnEveryStage(model: ModelArchitecture): boolean {
  return model.experts !== undefined && model.latentAttention === undefined;
}
