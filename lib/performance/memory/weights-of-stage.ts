import { countParameters, type ModelArchitecture, weightBytesOnRank } from "../../catalog";
import { type Derivation, sumOverLayers } from "../derivation";
import { type KernelPrecision, weightBytes } from "../kernels/precision";
import { expertTensorRanks } from "../shards/expert-ranks";
import type { KernelFormats, Precision } from "../types";
import type { ExpertPadding } from "./expert-padding";

/** How one replica's weights are cut. */
export interface WeightShards {
  readonly precision: Precision;
  readonly formats?: KernelFormats;
  readonly tensorParallel: number;
  /** GPUs over which experts are spread; 1 cuts them by tensorParallel. */
  readonly expertParallel: number;
  /** Replicas that share the experts; with expertParallel 1 each expert is cut over the ranks of all of them. */
  readonly expertReplicas?: number;
  /** First layer of the stage; default 0. */
  readonly firstLayer?: number;
  /** Layers of the stage. */
  readonly layers: number;
  readonly isFirstStage: boolean;
  readonly isLastStage: boolean;
  readonly expertPadding?: ExpertPadding;
  /** Copies of experts in each layer, over all ranks that share them whole. */
  readonly redundantExperts?: number;
}

/** Bytes of a projection parameter; FP8 checkpoints keep embedding, output projection, norms and router in BF16. */
const BF16_BYTES = 2;

/** Bytes of a weight in attention and behind it; shared experts count as routed ones. */
function formatBytes({ precision, formats }: WeightShards) {
  const of = (format: KernelPrecision | undefined) => weightBytes(format ?? precision);
  return { attention: of(formats?.attention), feedForward: of(formats?.experts ?? formats?.feedForward) };
}

/** The same by tensor. A quantised checkpoint is loaded as it is; only an unquantised one may be quantised while loading. */
function tensorBytes(
  { checkpoint }: ModelArchitecture,
  tensors: NonNullable<ModelArchitecture["tensors"]>,
  shards: WeightShards,
): number {
  const { tensorParallel, expertParallel, precision, formats, expertPadding, firstLayer = 0 } = shards;
  const { redundantExperts = 0 } = shards;
  // A quantised checkpoint is loaded as it is; only an unquantised one may be quantised while loading.
  const asked = formats?.feedForward ?? precision;
  const onLoad = asked !== "bf16" && !checkpoint ? { onLoad: { format: asked } } : {};
  const padding = expertPadding ? { expertPadding } : {};
  return weightBytesOnRank(
    tensors,
    { ...shards, firstLayer },
    {
      tensorParallel,
      expertParallel,
      expertTensorParallel: expertTensorRanks(shards),
      redundantExperts,
      ...onLoad,
      ...padding,
    },
  );
}

/**
 * Bytes of weights on one GPU of a stage, as vLLM loads them: projections and vocabulary cut by TP, key and value heads
 * replicated when there are fewer than ranks, norms and the MoE router replicated on every rank. Expert parallelism spreads
 * the routed experts alone: shared ones are cut by TP.
 * Checked against vLLM's log: 33.88 GiB for Llama-3.3-70B FP8 at TP2 (llm-d/llm-d-benchmark) within 0.2 %.
 */
export function weightsOfStage(model: ModelArchitecture, shards: WeightShards): number {
  const ofModel = weighed.get(model) ?? new WeakMap<WeightShards, number>();
  weighed.set(model, ofModel);
  const bytes = ofModel.get(shards) ?? weigh(model, shards);
  ofModel.set(shards, bytes);
  return bytes;
}

/** Weighed so far: a search asks for the same shards with every serving parameter that it tries. */
const weighed = new WeakMap<ModelArchitecture, WeakMap<WeightShards, number>>();

function weigh(model: ModelArchitecture, shards: WeightShards): number {
  const { tensorParallel, layers } = shards;
  if (model.tensors) return tensorBytes(model, model.tensors, shards);
  const count = countParameters(model);
  const bytes = formatBytes(shards);
  const keyValue = 2 * model.keyValueHeads * model.headDim * model.hiddenSize;
  const keyValueReplicas = Math.max(1, tensorParallel / model.keyValueHeads);
  const attention = (count.attentionPerLayer - keyValue + keyValue * keyValueReplicas) / tensorParallel;
  const router = model.experts ? model.hiddenSize * model.experts.count : 0;
  const sharedExperts =
    3 * model.hiddenSize * (model.experts?.shared ?? 0) * (model.experts?.intermediateSize ?? 0);
  const expertRanks = model.experts ? ranksOfExperts(shards) : tensorParallel;
  const copied = model.experts ? 1 + (shards.redundantExperts ?? 0) / model.experts.count : 1;
  const routed = (count.mlpPerLayer - router - sharedExperts) * copied;
  const mlp = routed / expertRanks + sharedExperts / tensorParallel;
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

/** Ranks over which the routed experts are cut or spread. */
const ranksOfExperts = (shards: WeightShards): number =>
  Math.max(expertTensorRanks(shards), shards.expertParallel);

/** How `weightsOfStage` counts: by parameter, or by layer where the checkpoint's own tensors are known. */
export function weightsDerivation(model: ModelArchitecture, shards: WeightShards): Derivation {
  return model.tensors ? tensorsDerivation(model, model.tensors, shards) : shapesDerivation(model, shards);
}

/** Layers that weigh the same count as one kind; their bytes are the sum of their tensors, scales and padding included. */
function tensorsDerivation(
  model: ModelArchitecture,
  tensors: NonNullable<ModelArchitecture["tensors"]>,
  shards: WeightShards,
): Derivation {
  const { firstLayer = 0, layers } = shards;
  const part = (change: Partial<WeightShards>) => tensorBytes(model, tensors, { ...shards, ...change });
  const inner = { isFirstStage: false, isLastStage: false };
  const onEveryStage = part({ ...inner, layers: 0 });
  const perLayer = Array.from({ length: layers }, (_, index) => ({
    formula: "layerBytes",
    inputs: { layerBytes: part({ ...inner, layers: 1, firstLayer: firstLayer + index }) - onEveryStage },
  }));
  const sum = sumOverLayers(perLayer);
  const endBytes = part({ layers: 0 });
  return {
    formula: `${sum.formula} + embeddingAndLogitsBytes`,
    inputs: { ...sum.inputs, embeddingAndLogitsBytes: endBytes },
  };
}

function shapesDerivation(model: ModelArchitecture, shards: WeightShards): Derivation {
  const { tensorParallel, layers, isFirstStage, isLastStage } = shards;
  const count = countParameters(model);
  const bytes = formatBytes(shards);
  const { hiddenSize, keyValueHeads, headDim, vocabularySize, experts } = model;
  const everywhere = holdsVocabularyOnEveryStage(model);
  const [first, last] = [isFirstStage || everywhere, isLastStage || everywhere];
  const vocabularyMatrices = Number(first) + Number(last && !(model.tiedEmbeddings && first));
  const attention =
    "(attentionParameters + (max(1, tensorParallel / keyValueHeads) - 1) * 2 * keyValueHeads * headDim * hiddenSize) / tensorParallel * attentionBytesPerParameter";
  const feedForward = experts
    ? "3 * hiddenSize * expertWidth * ((experts + redundantExperts) / ranksOfExperts + sharedExperts / tensorParallel) * feedForwardBytesPerParameter"
    : "feedForwardParameters / tensorParallel * feedForwardBytesPerParameter";
  const whole = experts ? "(hiddenSize * experts + normParameters)" : "normParameters";
  const shape: Derivation["inputs"] = experts
    ? {
        experts: experts.count,
        redundantExperts: shards.redundantExperts ?? 0,
        sharedExperts: experts.shared,
        expertWidth: experts.intermediateSize,
        ranksOfExperts: ranksOfExperts(shards),
      }
    : { feedForwardParameters: count.mlpPerLayer };
  return {
    formula: `layers * (${attention} + ${feedForward} + ${whole} * ${BF16_BYTES}) + vocabularyMatrices * vocabularySize * hiddenSize * ${BF16_BYTES} / tensorParallel + finalNormParameters * ${BF16_BYTES}`,
    inputs: {
      layers,
      attentionParameters: count.attentionPerLayer,
      keyValueHeads,
      headDim,
      hiddenSize,
      tensorParallel,
      attentionBytesPerParameter: bytes.attention,
      ...shape,
      feedForwardBytesPerParameter: bytes.feedForward,
      normParameters: count.normsPerLayer,
      vocabularyMatrices,
      vocabularySize,
      finalNormParameters: last ? count.finalNorm : 0,
    },
  };
}
