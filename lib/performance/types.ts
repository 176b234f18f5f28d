import type { Draft, Gpu, ModelArchitecture } from "../catalog";
import type { LengthDistribution } from "../config";
import type { KernelPrecision } from "./kernels/precision";
import type { Speculation } from "./simulation/speculation";

/** Precision of weights or KV cache. */
export type Precision = "bf16" | "fp8";

/** Formats of a checkpoint's products; what is absent is as LatencyModelInput.precision says. */
export interface KernelFormats {
  readonly attention?: KernelPrecision;
  readonly feedForward?: KernelPrecision;
  /** Routed experts. */
  readonly experts?: KernelPrecision;
}

/** What drafts tokens on a replica: its layers, what its weights are held in, and how many of its tokens are accepted. */
export type DraftInput = Draft &
  Speculation & { readonly precision: Precision; readonly formats?: KernelFormats };

/** What a replica's step time depends on, apart from the batch. */
export interface LatencyModelInput {
  readonly model: ModelArchitecture;
  readonly gpu: Gpu;
  readonly precision: Precision;
  /** What a checkpoint's products are stored and computed in, where it is not `precision` throughout. */
  readonly formats?: KernelFormats;
  readonly kvCacheDtype: Precision;
  readonly tensorParallel: number;
  readonly pipelineParallel: number;
  /** GPUs over which experts are spread; 1 for dense models. */
  readonly expertParallel: number;
  /**
   * Data-parallel replicas that share one set of experts and step together; default: as many as expertParallel spreads
   * whole experts over. Above 1 with expertParallel 1, each expert is cut over all their ranks.
   */
  readonly expertReplicas?: number;
  /** 1, or tensorParallel: norms sharded by token, reduce-scatter + all-gather for all-reduce. */
  readonly sequenceParallel: number;
  /** GPUs in one node: a tensor-parallel group or stage boundary beyond it crosses the network. */
  readonly gpusPerNode: number;
  /** Link between nodes. */
  readonly network: { readonly bytesPerSecondPerGpu: number; readonly latencyUs: number };
  /** Engine whose kernels and launch behaviour are meant; all-reduce changed with vLLM's version. */
  readonly engine: EngineProfile;
  /** Exponent of the power law by which tokens choose experts, 0..1.2; default 1.2, that of the tables. */
  readonly expertSkew?: number;
  /** Experts are moved between ranks, and some copied: what is left of the mean load over the largest, and the copies. */
  readonly expertBalancing?: { readonly balance: number; readonly redundantExperts: number };
  /** Tensor-parallel ranks over which a token's keys and values are spread by position; default 1. */
  readonly decodeContextParallel?: number;
  /** Drafts tokens that the model verifies; absent without speculative decoding. */
  readonly draft?: DraftInput;
}

/** An inference engine as the simulation needs it. */
export interface EngineProfile {
  readonly name: "vLLM" | "SGLang" | "TensorRT-LLM" | "NIM";
  /** Such as "0.10.2"; decides all-reduce tables and asynchronous scheduling. */
  readonly version: string;
  /** Batches in flight on one replica without pipeline parallelism: 2 with asynchronous scheduling, else 1. */
  readonly batchesInFlight: 1 | 2;
  /** The engine reserves KV for prompt and whole output when it admits a request (no preemption). */
  readonly reservesOutput: boolean;
}

/**
 * One step of one replica. Mutable and reused by the simulation: a million steps a second leave no room for objects.
 * `tokens` = decodeSequences + prefill tokens of this step; drafts that are verified beside them are not counted.
 */
export interface StepShape {
  /** All tokens that pass through the layers in this step. */
  tokens: number;
  /** Sequences that decode one token. */
  decodeSequences: number;
  /** Sum of cached tokens over the decoding sequences. */
  decodeContextTokens: number;
  /** Sum over prefill chunks of `prefillAttentionMs(past, chunk)`: milliseconds of the whole replica pass (all layers). */
  prefillAttentionMs: number;
  /** Sequences that produce a token at the end of the step (decodes and prompts that finish). */
  sampledSequences: number;
}

/** Where a step spends its GPU time, in ms; the parts sum to `totalMs`. */
export interface StepBreakdown {
  readonly gemmMs: number;
  readonly attentionMs: number;
  readonly allReduceMs: number;
  /** Expert all-to-all; 0 for dense models. */
  readonly allToAllMs: number;
  /** Activations sent between pipeline stages; 0 without pipeline parallelism. */
  readonly pipelineTransferMs: number;
  readonly elementwiseMs: number;
  readonly logitsMs: number;
  /** CPU time per step and per sampled sequence that the GPU waits for. */
  readonly hostMs: number;
  readonly totalMs: number;
}

/** Tokens of a step over the replicas that take it together, this one included. */
export interface PeerTokens {
  readonly mostTokens: number;
  readonly allTokens: number;
}

/** Step time of one replica under one strategy. Pure; every method is free of allocation except `breakdown`. */
export interface LatencyModel {
  /** Pipeline stages. */
  readonly stages: number;
  /**
   * Time of the step on stage `stage` including its transfer to the next one, in ms; > 0 for any non-empty step. Replicas
   * that share their experts are priced as if all had this step, unless `peers` says what they have.
   */
  stageMs(stage: number, step: StepShape, peers?: PeerTokens): number;
  /** Attention time of `chunk` prompt tokens after `past` computed ones, in ms, over all layers. */
  prefillAttentionMs(past: number, chunk: number): number;
  /** One pass through all stages, split by part. */
  breakdown(step: StepShape): StepBreakdown;
  /** Each step verifies drafts, and makes the next; absent without speculative decoding. */
  readonly speculation?: Speculation;
  /**
   * How the figures are known: measured tables, tables of H100 scaled to a GPU on which that was checked, or a roofline;
   * `figures` names what no table of this GPU holds.
   */
  readonly basis: { readonly kind: "measured" | "scaled" | "roofline"; readonly figures: readonly string[] };
}

/** Requests of a simulation. */
export interface TrafficInput {
  readonly arrivals:
    | { readonly kind: "closed"; readonly concurrency: number }
    | { readonly kind: "constant"; readonly requestRate: number }
    | { readonly kind: "poisson"; readonly requestRate: number }
    | { readonly kind: "bursty"; readonly requestRate: number; readonly squaredVariation: number }
    | { readonly kind: "offline" }
    | { readonly kind: "trace"; readonly arrivalSeconds: readonly number[] };
  readonly promptTokens: LengthDistribution;
  readonly outputTokens: LengthDistribution;
  readonly cachedPrefixTokens: number;
  /** The first requests of the run, which find no prefix in the cache: the distinct prompts of a cold start. Default 0. */
  readonly coldStartRequests?: number;
  /** Open traffic: requests that arrive together at the start, ahead of the rest. Default 0. */
  readonly burstStart?: number;
  readonly requests: number;
  readonly seed: number;
  /**
   * Requests end by a token that the model samples, as in service, and not by the limit that the client sent, as in most
   * benchmarks: a scheduler that composes ahead then computes one token too many. Default false.
   */
  readonly endsByToken?: boolean;
}

/** Limits of one replica's scheduler. */
export interface SchedulerInput {
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  /** KV capacity of one replica in tokens. */
  readonly kvCacheTokens: number;
  /** Whether blocks are found again by their content. Default true. */
  readonly prefixCaching?: boolean;
  /** Steps from one with prompt tokens to the next while sequences decode and no queue builds up. Default 1. */
  readonly prefillInterval?: number;
  /** Share of the KV cache, 0..1, that stays free when a request is admitted beside others. Default 0. */
  readonly watermark?: number;
}

export interface SimulationInput {
  readonly latency: LatencyModel;
  readonly engine: EngineProfile;
  readonly traffic: TrafficInput;
  readonly scheduler: SchedulerInput;
  readonly replicas: number;
  /** Who sends requests to independent replicas. */
  readonly balancer: "round-robin" | "least-loaded";
  /**
   * The replicas are ranks of one engine that share their experts: they take every step together, and the engine sends
   * requests to them by itself. Default false: they are independent.
   */
  readonly stepsTogether?: boolean;
}

/** Mean and percentiles of one quantity, in ms. NaN when nothing was observed. */
export interface LatencyStatistics {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
}

export interface SimulationResult {
  /** Over the run as a benchmark counts it: every request, the first wave included. */
  readonly asRun: {
    readonly firstToken: LatencyStatistics;
    /** Over requests of the request's mean gap after the first token (TPOT). */
    readonly timePerOutputToken: LatencyStatistics;
    readonly outputTokensPerSecond: number;
  };
  /** After the warm-up: what a service sees. */
  readonly steady: {
    /** Scheduled to first token (vllm:request_prefill_time_seconds). */
    readonly prefill: LatencyStatistics;
    /** Arrival to first token (vllm:time_to_first_token_seconds). */
    readonly firstToken: LatencyStatistics;
    /** Every gap between two tokens (vllm:inter_token_latency_seconds). */
    readonly interToken: LatencyStatistics;
    readonly timePerOutputToken: LatencyStatistics;
    readonly outputTokensPerSecond: number;
    readonly requestsPerSecond: number;
  };
  /** False when the queue grows without bound: the rate is beyond capacity. */
  readonly stable: boolean;
  readonly steps: number;
  readonly preemptions: number;
  /** Share of time that the GPUs were busy, 0..1. */
  readonly gpuBusy: number;
  readonly meanRunningSequences: number;
  readonly maxRunningSequences: number;
  /** Sequences that a replica runs at once at most for 99 % of the time; NaN when nothing was observed. */
  readonly runningSequencesP99: number;
  /** Largest share of the KV cache in use, 0..1. */
  readonly maxKvUsage: number;
  /** Share of a replica's KV cache in use at most for 99 % of the time, 0..1. */
  readonly kvUsageP99: number;
  /** Spread of served tokens over replicas: (max - min) / mean. */
  readonly replicaImbalance: number;
  /** Share of stage time idle while the pipeline had work; 0 without pipeline parallelism. */
  readonly bubbleShare: number;
  /** Sampled once a simulated second: for the timeline plot. */
  readonly timeline: readonly {
    readonly second: number;
    readonly running: number;
    readonly waiting: number;
    readonly kvUsage: number;
  }[];
  /** First request that could not ever fit, in words; absent when all ran. */
  readonly infeasible?: string;
}

/** Relative error band of 80 %: the truth is expected between value * low and value * high. */
export interface ErrorBand {
  readonly low: number;
  readonly high: number;
  /** Quantity and regime whose cross-validated residuals gave the band, and how many rows. */
  readonly provenance: string;
}

/** Quantities that a band exists for. */
export type BandQuantity =
  | "firstTokenMean"
  | "firstTokenP50"
  | "firstTokenP99"
  | "timePerOutputToken"
  | "interTokenP99"
  | "prefill"
  | "outputTokensPerSecond";
