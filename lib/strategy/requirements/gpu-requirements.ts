import type { ModelArchitecture } from "../../catalog";
import type { Situation } from "../situation";
import type { Requirement } from "./requirement";

/** First compute capability with BF16 (Ampere); vLLM's worker refuses it below (v1/worker/gpu_worker.py, init_device). */
const BF16_SINCE = 8;

/** First compute capability with kernels for sparse latent attention (0.33.0: v1/attention/backends/mla, the sparse ones). */
const SPARSE_SINCE = 9;

function typeRuns({ deployment, hardware }: Situation): Requirement[] {
  const { computeCapability = BF16_SINCE, name } = hardware.gpu;
  if (deployment.serving.dtype !== "bfloat16" || computeCapability >= BF16_SINCE) return [];
  return [
    {
      id: "dtype-runs",
      requirement: "the GPU computes in the type that vLLM is given",
      value: computeCapability,
      limit: BF16_SINCE,
      unit: "compute capability",
      bound: "least",
      valueText: `bfloat16 needs compute capability ${BF16_SINCE}.0, and ${name} has ${computeCapability}`,
      configKey: "serving.dtype",
      change: "set serving.dtype to float16",
    },
  ];
}

/** First compute capability on which vLLM 0.33 loads quantised checkpoints (Marlin's), and those of methods that need more (`get_min_capability` in layers/quantization). */
const QUANTIZED_SINCE = 7.5;
const METHODS_SINCE = 8;

/** From here on no kernel multiplies 8-bit integers in products that every token passes (vLLM's page on INT8 W8A8). */
const NO_INT8_SINCE = 10;

function checkpointRuns({ model, hardware }: Situation): Requirement[] {
  const { computeCapability, name } = hardware.gpu;
  if (!model.checkpoint || computeCapability === undefined) return [];
  const { method, formats } = model.checkpoint;
  const all = Object.values(formats);
  const isLate = method === "mxfp4" || (method.startsWith("modelopt") && !all.includes("nvfp4"));
  const since = isLate ? METHODS_SINCE : QUANTIZED_SINCE;
  const isInt8 = formats.attention === "int8" || formats.feedForward === "int8";
  const isTooNew = isInt8 && computeCapability >= NO_INT8_SINCE;
  if (computeCapability >= since && !isTooNew) return [];
  return [
    {
      id: "checkpoint-runs",
      requirement: "vLLM has kernels on the GPU for the checkpoint's quantisation",
      value: computeCapability,
      limit: isTooNew ? NO_INT8_SINCE - 1 : since,
      unit: "compute capability",
      bound: isTooNew ? "most" : "least",
      valueText: isTooNew
        ? `8-bit integers are multiplied below compute capability ${NO_INT8_SINCE}.0, and ${name} has ${computeCapability}`
        : `${method} needs compute capability ${since.toFixed(1)}, and ${name} has ${computeCapability}`,
      configKey: "model.name",
      change: `name another checkpoint of the model${isTooNew ? ", such as one in fp8" : ""}, or set hardware.instanceType to one with ${isTooNew ? "Hopper" : "newer"} GPUs`,
    },
  ];
}

/** DeepSeek V3.2 and GLM-5 pick the tokens that they attend to: vLLM has kernels for that from Hopper on. */
function sparseAttentionRuns({ model, hardware }: Situation): Requirement[] {
  const { computeCapability = SPARSE_SINCE, name } = hardware.gpu;
  const isSparse = model.tensors?.layers.some(({ mixer }) => mixer?.kind === "latent" && mixer.indexer);
  if (!isSparse || computeCapability >= SPARSE_SINCE) return [];
  return [
    {
      id: "attention-runs",
      requirement: "vLLM has kernels for the model's sparse attention on the GPU",
      value: computeCapability,
      limit: SPARSE_SINCE,
      unit: "compute capability",
      bound: "least",
      valueText: `sparse attention needs compute capability ${SPARSE_SINCE}.0, and ${name} has ${computeCapability}`,
      configKey: "hardware.instanceType",
      change: "set hardware.instanceType to one with H100, H200, B200 or B300 GPUs",
    },
  ];
}

/** First compute capability whose kernels for latent attention read an 8-bit cache (0.33.0: Triton's, the only ones before Hopper). */
const LATENT_FP8_SINCE = 8.9;

function latentCacheRuns({ model, deployment, hardware }: Situation): Requirement[] {
  const { computeCapability = LATENT_FP8_SINCE, name } = hardware.gpu;
  const is8Bit = deployment.model.kvCacheDtype.startsWith("fp8");
  if (!model.latentAttention || !is8Bit || computeCapability >= LATENT_FP8_SINCE) return [];
  return [
    {
      id: "kv-cache-runs",
      requirement: "vLLM has kernels that read the KV cache as it is stored",
      value: computeCapability,
      limit: LATENT_FP8_SINCE,
      unit: "compute capability",
      bound: "least",
      valueText: `latent attention over an fp8 cache needs compute capability ${LATENT_FP8_SINCE}, and ${name} has ${computeCapability}`,
      configKey: "model.kvCacheDtype",
      change: "set model.kvCacheDtype to bf16",
    },
  ];
}

/** First compute capability with a kernel for grouped attention over an 8-bit cache (0.33.0: FlashInfer). */
const GROUPED_FP8_SINCE = 8;

/** And first one with a kernel for all that FlashInfer does not have (0.33.0: Triton's, v1/attention/backends/triton_attn.py). */
const ANY_FP8_SINCE = 8.9;

/** Widths of heads that FlashInfer has (v1/attention/backends/flashinfer.py). */
const FLASHINFER_HEADS: readonly number[] = [64, 128, 256, 512];

/** What of a model's grouped attention FlashInfer has no kernel for below Hopper; undefined where it has. */
function beyondFlashInfer({ modelType, tensors }: ModelArchitecture): string | undefined {
  const mixers = tensors?.layers.flatMap(({ mixer }) => (mixer?.kind === "attention" ? [mixer] : [])) ?? [];
  const other = mixers.find(({ headDim }) => !FLASHINFER_HEADS.includes(headDim));
  if (other) return `heads of ${other.headDim}`;
  if (mixers.some(({ sinks }) => sinks)) return "attention sinks";
  // Images are seen from both sides: Gemma 3, and Gemma 4 (ModelArchConfig's is_mm_prefix_lm).
  const seesImages = /^gemma[34]/.test(modelType ?? "") && (tensors?.vision.length ?? 0) > 0;
  return seesImages ? "images that are attended to from both sides" : undefined;
}

function cacheProblem(of: {
  readonly isMet: boolean;
  readonly requirement: string;
  readonly valueText: string;
  readonly change: string;
}): Requirement[] {
  if (of.isMet) return [];
  const { requirement, valueText, change } = of;
  return [
    {
      id: "kv-cache-runs",
      requirement,
      value: 0,
      limit: 1,
      unit: "kernels",
      bound: "least",
      valueText,
      configKey: "model.kvCacheDtype",
      change,
    },
  ];
}

/** Caches that only some kernels read (`supported_kv_cache_dtypes` in v1/attention/backends of 0.33). */
function groupedCacheRuns({ model, deployment, hardware }: Situation): Requirement[] {
  const { kvCacheDtype } = deployment.model;
  const { computeCapability = GROUPED_FP8_SINCE, name } = hardware.gpu;
  const is8Bit = kvCacheDtype.startsWith("fp8");
  const isSparse =
    model.tensors?.layers.some(({ mixer }) => mixer?.kind === "latent" && mixer.indexer) ?? false;
  const { method = "", calibratedCache = false } = model.checkpoint ?? {};
  const beyond = model.latentAttention ? undefined : beyondFlashInfer(model);
  const bringsScales = /^(fp8|modelopt)/.test(method) || (method === "compressed-tensors" && calibratedCache);
  return [
    ...cacheProblem({
      isMet: !is8Bit || model.latentAttention !== undefined || computeCapability >= GROUPED_FP8_SINCE,
      requirement: "vLLM has kernels that read the KV cache as it is stored",
      valueText: `attention over an fp8 cache needs compute capability ${GROUPED_FP8_SINCE}.0, and ${name} has ${computeCapability}`,
      change: "set model.kvCacheDtype to auto",
    }),
    ...cacheProblem({
      isMet:
        !is8Bit ||
        beyond === undefined ||
        computeCapability < GROUPED_FP8_SINCE ||
        computeCapability >= ANY_FP8_SINCE ||
        hardware.gpu.computeCapability === undefined,
      requirement: "vLLM has kernels that read the KV cache as it is stored",
      valueText: `${beyond} over an fp8 cache need compute capability ${ANY_FP8_SINCE}, and ${name} has ${computeCapability}`,
      change: "set model.kvCacheDtype to auto",
    }),
    ...cacheProblem({
      isMet: kvCacheDtype !== "fp8_e5m2" || (model.latentAttention === undefined && !bringsScales),
      requirement:
        "an fp8_e5m2 cache is of grouped attention, and its checkpoint brings no scales: vLLM refuses it otherwise",
      valueText: model.latentAttention
        ? `${model.name} has latent attention`
        : `${model.name} is quantised by ${method}`,
      change: "set model.kvCacheDtype to fp8",
    }),
    ...cacheProblem({
      isMet: kvCacheDtype !== "fp8_ds_mla" || isSparse,
      requirement: "an fp8_ds_mla cache is of sparse latent attention (DeepSeek V3.2, GLM-5)",
      valueText: `${model.name} has another attention`,
      change: "set model.kvCacheDtype to fp8",
    }),
    ...cacheProblem({
      isMet: kvCacheDtype !== "float16" || deployment.serving.dtype === "float16",
      requirement: "a float16 cache is of a model that computes in float16",
      valueText: `serving.dtype is ${deployment.serving.dtype}`,
      change: "set serving.dtype to float16, or model.kvCacheDtype to auto",
    }),
  ];
}

/** What the GPU must be able to do; nothing where it can. */
export function gpuRequirements(situation: Situation): Requirement[] {
  if (situation.hardware.gpu.kind === "cpu") return [];
  return [
    ...typeRuns(situation),
    ...checkpointRuns(situation),
    ...sparseAttentionRuns(situation),
    ...latentCacheRuns(situation),
    ...groupedCacheRuns(situation),
  ];
}
