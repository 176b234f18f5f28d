import type { ModelTensors } from "./families/layer";
import type { QueryKeyNorm } from "./families/query-key-norm";
import type { StorageFormat } from "./families/tensor";

/** Where a number comes from: enough for a reader to find it again. */
export interface Source {
  /** Repository and path, document, or publisher. */
  readonly source: string;
  /** ISO date of the snapshot or of the reading. */
  readonly date: string;
}

/** What a quantised checkpoint stores most of each part in. */
export interface StoredFormats {
  readonly attention: StorageFormat;
  /** Dense layers and shared experts. */
  readonly feedForward: StorageFormat;
  /** Routed experts. */
  readonly experts?: StorageFormat;
}

/** Shape of a decoder-only transformer, as Hugging Face's config.json states it. Dimensions are elements, not bytes. */
export interface ModelArchitecture {
  readonly name: string;
  /** `model_type` of the config.json that it was read from. */
  readonly modelType?: string;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly attentionHeads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly vocabularySize: number;
  /** Input embedding and output projection share one matrix. */
  readonly tiedEmbeddings: boolean;
  /** Longest context the model was trained for, in tokens. */
  readonly maxPositionEmbeddings: number;
  /** Mixture of experts; absent for dense models. */
  readonly experts?: {
    readonly count: number;
    readonly activePerToken: number;
    readonly intermediateSize: number;
    /** Experts that every token passes, in units of one routed expert. */
    readonly shared: number;
  };
  /** Query, key and value projections carry a bias (Qwen 2). */
  readonly attentionBias?: boolean;
  /**
   * Queries and keys are normalised: each head by itself (Qwen 3), or all heads together, for which tensor-parallel ranks
   * add up their parts (MiniMax M2).
   */
  readonly queryKeyNorm?: QueryKeyNorm;
  /** Layers that see only the latest tokens (gpt-oss, Gemma 3, Llama 4's chunks); the other layers see all. */
  readonly slidingWindow?: { readonly tokens: number; readonly layers: number };
  /** Multi-head latent attention (DeepSeek, Kimi): what a token caches is one vector for all heads. */
  readonly latentAttention?: {
    /** Width of the compressed keys and values, and of the rotary part beside it: 512 and 64. */
    readonly keyValueRank: number;
    readonly ropeHeadDim: number;
    /** Width of the compressed queries; absent where queries are projected at once. */
    readonly queryRank?: number;
    readonly queryHeadDim: number;
    readonly valueHeadDim: number;
  };
  /** Modules of the checkpoint that predict further tokens, and that vLLM drafts with (`mtp`); absent for none. */
  readonly predictionModules?: number;
  /** Every tensor by layer; absent for rows of the catalogue whose layers are all alike. */
  readonly tensors?: ModelTensors;
  /** How a quantised checkpoint stores its weights: the method as vLLM names it, and the format of each part. */
  readonly checkpoint?: {
    readonly method: string;
    readonly formats: StoredFormats;
    /** It brings scales for an 8-bit KV cache, which vLLM then takes unless it is told otherwise. */
    readonly calibratedCache?: boolean;
    /** vLLM does not find the method in the files and takes the weights for unquantised. */
    readonly isUnnamed?: boolean;
  };
  readonly provenance: Source;
}

/** One GPU (or one rank's share of a CPU host). Rates are peaks of dense arithmetic. */
export interface Gpu {
  readonly name: string;
  readonly kind: "gpu" | "cpu";
  /** Memory as its maker names it, such as 80 for "80 GB": the number in texts, never in arithmetic. */
  readonly nominalMemoryGb: number;
  /** Physical memory, in bytes (the "80 GB" of an H100 are 80 GiB). */
  readonly memoryBytes: number;
  /** Memory that CUDA reports, in bytes; vLLM's utilization is a share of this. */
  readonly visibleMemoryBytes: number;
  readonly hbmBytesPerSecond: number;
  readonly bf16FlopsPerSecond: number;
  /** Absent where the hardware has no FP8 units. */
  readonly fp8FlopsPerSecond?: number;
  /** Dense FP4 peak; absent where the hardware has no FP4 units. */
  readonly fp4FlopsPerSecond?: number;
  /** Dense INT8 peak, in operations per second. */
  readonly int8OpsPerSecond?: number;
  /** NVIDIA's compute capability, such as 8.9 for Ada; absent for CPUs and other makers' GPUs. */
  readonly computeCapability?: number;
  /** NVLink bytes per second and direction; absent where GPUs talk over PCIe or shared memory. */
  readonly nvlinkBytesPerSecond?: number;
  /** Host link bytes per second and direction. */
  readonly pcieBytesPerSecond: number;
  readonly provenance: Source;
}

/** One kind of host. */
export interface InstanceType {
  readonly name: string;
  readonly gpu: string;
  readonly gpus: number;
  readonly vcpus: number;
  readonly memoryGib: number;
  readonly instanceStorageGb: number;
  readonly networkGbps: number;
  readonly efaInterfaces: number;
  /** On-demand, us-east-1; absent where no dated price is known. */
  readonly priceUsdPerHour?: number;
  readonly provenance: Source;
}
