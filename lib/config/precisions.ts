/** What a precision of the weights asks of vLLM. */
export type WeightRequest =
  /** The weights stay as the checkpoint stores them. */
  | { readonly kind: "as stored" }
  /** An unquantised checkpoint is quantised while loading, by this value of --quantization. */
  | { readonly kind: "on load"; readonly format: "fp8" | "fp8_block" | "w8a16"; readonly flag: string }
  /** The checkpoint must be quantised by a method that begins so: vLLM never quantises so itself. */
  | { readonly kind: "checkpoint"; readonly method: string };

const AS_STORED: WeightRequest = { kind: "as stored" };
const onLoad = (format: "fp8" | "fp8_block" | "w8a16", flag: string): WeightRequest => ({
  kind: "on load",
  format,
  flag,
});
const storedBy = (method: string): WeightRequest => ({ kind: "checkpoint", method });

/** Values of `model.precision`: vLLM's own of --dtype and --quantization (vllm/model_executor/layers/quantization, 0.33). */
const REQUESTS = {
  bf16: AS_STORED,
  auto: AS_STORED,
  bfloat16: AS_STORED,
  fp8: onLoad("fp8", "fp8_per_tensor"),
  fp8_per_tensor: onLoad("fp8", "fp8_per_tensor"),
  fp8_per_channel: onLoad("fp8", "fp8_per_channel"),
  fp8_per_block: onLoad("fp8_block", "fp8_per_block"),
  int8_per_channel_weight_only: onLoad("w8a16", "int8_per_channel_weight_only"),
  awq: storedBy("awq"),
  awq_marlin: storedBy("awq"),
  auto_awq: storedBy("awq"),
  gptq: storedBy("gptq"),
  gptq_marlin: storedBy("gptq"),
  auto_gptq: storedBy("gptq"),
  "compressed-tensors": storedBy("compressed-tensors"),
  modelopt: storedBy("modelopt"),
  modelopt_fp4: storedBy("modelopt"),
  modelopt_mixed: storedBy("modelopt"),
  mxfp4: storedBy("mxfp4"),
  gpt_oss_mxfp4: storedBy("mxfp4"),
} as const satisfies Record<string, WeightRequest>;

export type WeightPrecision = keyof typeof REQUESTS;
export const WEIGHT_PRECISIONS = Object.keys(REQUESTS) as [WeightPrecision, ...WeightPrecision[]];

/** A cache that vLLM 0.33 takes (CacheDType in config/cache.py) and no plan can price. */
interface UnpricedCache {
  readonly why: string;
}

const NO_TABLE: UnpricedCache = { why: "no measured kernel reads it, so its time is not known" };

/** Values of `model.kvCacheDtype`: bf16, and vLLM's own of --kv-cache-dtype. */
const CACHES = {
  bf16: "bf16",
  auto: "bf16",
  bfloat16: "bf16",
  float16: "bf16",
  fp8: "fp8",
  fp8_e4m3: "fp8",
  fp8_e5m2: "fp8",
  fp8_ds_mla: "fp8",
  fp8_inc: { why: "vLLM has it for Intel's Gaudi alone" },
  nvfp4_ds_mla: NO_TABLE,
  turboquant_k8v4: NO_TABLE,
  turboquant_4bit_nc: NO_TABLE,
  turboquant_k3v4_nc: NO_TABLE,
  turboquant_3bit_nc: NO_TABLE,
  octave_k3v4: NO_TABLE,
  octave_k3v3: NO_TABLE,
  octave_k3v3_compact: NO_TABLE,
  ultraquant_4bit: NO_TABLE,
  int4_per_token_head: NO_TABLE,
  int8_per_token_head: NO_TABLE,
  fp8_per_token_head: NO_TABLE,
  nvfp4: NO_TABLE,
  nvfp4_4over6: NO_TABLE,
} as const satisfies Record<string, "bf16" | "fp8" | UnpricedCache>;

export type CachePrecision = keyof typeof CACHES;
export const CACHE_PRECISIONS = Object.keys(CACHES) as [CachePrecision, ...CachePrecision[]];

interface Model {
  readonly precision: WeightPrecision;
  readonly kvCacheDtype: CachePrecision;
}

export const weightRequest = ({ precision }: Pick<Model, "precision">): WeightRequest => REQUESTS[precision];

/** 16 bits, or 8 where the weights are quantised while loading. */
export const loadedPrecision = (model: Pick<Model, "precision">): "bf16" | "fp8" =>
  weightRequest(model).kind === "on load" ? "fp8" : "bf16";

/** Bits of the KV cache, 16 or 8; what no plan can price was refused before. */
export function cachePrecision({ kvCacheDtype }: Pick<Model, "kvCacheDtype">): "bf16" | "fp8" {
  const cache = CACHES[kvCacheDtype];
  return cache === "fp8" ? "fp8" : "bf16";
}

/** Why a cache that vLLM takes cannot be planned; undefined where it can. */
export function unpricedCache({ kvCacheDtype }: Pick<Model, "kvCacheDtype">): string | undefined {
  const cache = CACHES[kvCacheDtype];
  return typeof cache === "string" ? undefined : cache.why;
}
