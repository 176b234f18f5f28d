import type { Draft, Gpu, InstanceType, ModelArchitecture } from "../catalog";
import type { Deployment } from "../config";
import type {
  BandRegime,
  CudaGraphs,
  LatencyStatistics,
  SimulationResult,
  StepBreakdown,
} from "../performance";
import type { FigurePath } from "./provenance/figure-path";

/** Degrees of the five parallelisms. gpus = tensorParallel * pipelineParallel * dataParallel. */
export interface Strategy {
  readonly tensorParallel: number;
  readonly pipelineParallel: number;
  readonly dataParallel: number;
  readonly expertParallel: number;
  readonly sequenceParallel: number;
  readonly gpus: number;
}

/** Why a candidate or a plan fails: the same object becomes the check row, the report line and the error line. */
export interface Violation {
  /** Stable id such as `decode-p99` or `weights-fit`. */
  readonly check: string;
  /** What is required, in words with units. */
  readonly requirement: string;
  /** What was computed, in words with units. */
  readonly value: string;
  /** What is wrong, as a sentence that needs no other. */
  readonly sentence: string;
  /** What the user can change; names the config key. */
  readonly change: string;
}

/** One requirement held against the plan. */
export interface Check {
  readonly id: string;
  readonly requirement: string;
  /** Computed value in the unit of `unit`. */
  readonly value: number;
  readonly limit: number;
  /** Distance to the limit in the same unit; negative when violated. */
  readonly margin: number;
  readonly unit: string;
  readonly pass: boolean;
  /** Config key that sets the limit. */
  readonly configKey: string;
  /** The value lies within two standard errors of the simulation from the limit: another run could turn the verdict. */
  readonly withinError?: boolean;
  /** Present when the check fails: what to change. */
  readonly change?: string;
}

/** A latency with its 80 % error band, in ms. NaN (null in JSON) where the strategy cannot run or is overloaded. */
export interface BandedLatency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p50LowMs: number;
  readonly p50HighMs: number;
  readonly p99LowMs: number;
  readonly p99HighMs: number;
}

export interface PlanLatency {
  readonly prefill: BandedLatency;
  readonly firstToken: BandedLatency;
  readonly decode: BandedLatency;
}

/** Memory of one GPU. All bytes. kvCacheBytes is what vLLM takes; demandBytes is what the workload needs. */
export interface MemoryPerGpu {
  readonly totalBytes: number;
  /** Visible bytes times gpuMemoryUtilization. */
  readonly usableBytes: number;
  readonly weightsBytes: number;
  readonly activationBytes: number;
  readonly nonTorchBytes: number;
  readonly cudaGraphBytes: number;
  /** What is left for the KV cache: usable minus the parts above. Negative when weights do not fit. */
  readonly kvCacheBytes: number;
  /** Tokens that one replica's KV cache holds; 0 when nothing fits. */
  readonly kvCacheTokens: number;
  /** Band of kvCacheTokens from the spread of published measurements. */
  readonly kvCacheTokensLow: number;
  readonly kvCacheTokensHigh: number;
  /** Band of what vLLM logs as the size of its cache, where windows or states make it differ: it counts longest sequences. */
  readonly kvCacheTokensLogged?: readonly [low: number, high: number];
  /** Weights + activations + overheads + KV that is in use at most for 99 % of the time; without KV where nothing could be simulated. */
  readonly demandBytes: number;
  /** demandBytes over visible memory, 0..1. */
  readonly demandFraction: number;
}

export interface Throughput {
  /** Sequences that a replica runs at once at most for 99 % of the time, at the requested rate. */
  readonly maxBatchSize: number;
  readonly maxConcurrentSequences: number;
  readonly maxBatchedTokens: number;
  /** Requests per second of the workload. */
  readonly requestRate: number;
  /** Highest rate at which these serving parameters pass every requirement; requests per second over all replicas. */
  readonly sustainableRequestRate: number;
  /** Requirement that ends it, by its id. */
  readonly sustainableEndsBy?: string;
  /**
   * Highest rate over all serving parameters within the envelope: a property of model, machines, strategy and workload
   * that no asked rate moves. Requests per second over all replicas.
   */
  readonly highestRequestRate: number;
  readonly highestEndsBy?: string;
  /** Rate that these serving parameters serve while requests always wait, whatever the latency; over all replicas. */
  readonly saturatedRequestRate: number;
  readonly outputTokensPerSecond: number;
  readonly outputTokensPerSecondPerGpu: number;
}

export interface Communication {
  /** Payload of the tensor-parallel all-reduces of one layer for one token, in bytes (0 at TP 1). */
  readonly allReduceBytesPerTokenPerLayer: number;
  /** Bytes that one GPU sends in one decode step at the plan's mean batch. */
  readonly bytesPerDecodeStepPerGpu: number;
  /** Share of a decode step spent communicating, 0..1. */
  readonly decodeStepShare: number;
  /** Share of a full prefill step spent communicating, 0..1. */
  readonly prefillShare: number;
  /** Mean share of one direction of NVLink in use at the requested rate, 0..1; 0 without NVLink. */
  readonly nvlinkUtilization: number;
}

export interface Balance {
  /** Spread of memory demand over GPUs: (max - min) / mean. */
  readonly memoryEpsilon: number;
  /** Spread of compute per step over stages and replicas: (max - min) / mean. */
  readonly computeEpsilon: number;
  /**
   * Requested rate over the saturated rate, 0..1 (above 1 when the rate is beyond capacity): the share of what the
   * GPUs can do that is asked of them. The share of time they run a step at all is `simulation.gpuBusy`: near 1 at
   * any load, because a batch of one decodes as continuously as a full one.
   */
  readonly gpuUtilization: number;
  /** Share of stage time lost to pipeline bubbles, 0..1. */
  readonly bubbleShare: number;
}

/** What bounds a candidate, in one word and one sentence with its numbers. */
export interface Bottleneck {
  readonly kind:
    | "weights-bandwidth"
    | "attention"
    | "compute"
    | "all-reduce"
    | "bubble"
    | "kv-capacity"
    | "queue"
    | "network"
    | "host";
  readonly sentence: string;
}

export interface ServingParameters {
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  readonly maxModelLen: number;
  readonly gpuMemoryUtilization: number;
  /** Steps that are captured as CUDA graphs; larger ones are launched kernel by kernel. */
  readonly cudaGraphs: CudaGraphs;
  /** Steps from one with prompt tokens to the next while sequences decode and no queue builds up; 1 holds nothing back. */
  readonly prefillInterval: number;
  /** Share of the KV cache, 0..1, that stays free when a request is admitted beside others. */
  readonly watermark: number;
}

/** A token budget that the serving parameters could have had. */
export interface Chunk {
  readonly tokens: number;
  /** Time of a step that fills it, the running sequences included: what a gap between tokens takes while a prompt is read. */
  readonly fullStepMs: number;
  /** Mean time of a whole request with it at the requested rate, by a short run; absent where it was not tried. */
  readonly meanRequestMs?: number;
  /** Does every requirement hold with it at the requested rate? Absent where it was not tried. */
  readonly passes?: boolean;
}

/** Steps whose split into computing and communicating is reported. */
export interface TypicalSteps {
  readonly decode: StepBreakdown;
  readonly prefill: StepBreakdown;
  /** Sequences of the decode step. */
  readonly decodeSequences: number;
}

/** What the runs at the requested rate showed, where figures are computed from it. */
export interface SeenInRuns {
  /** Share of a replica's KV cache in use at most for 99 % of the time, 0..1. */
  readonly kvUsageP99: number;
  readonly timePerOutputTokenMs: number;
  /** Spread of served tokens over replicas: (max - min) / mean; 0 for one. */
  readonly replicaImbalance: number;
  /** Relative standard errors of the percentiles. */
  readonly errors: Readonly<
    Record<keyof PlanLatency, { readonly p50Error: number; readonly p99Error: number }>
  >;
  /** Where the error bands come from. */
  readonly regime: BandRegime;
}

/** One enumerated strategy with its verdict. Nothing is dropped: a loser keeps its reasons. */
export interface Candidate {
  readonly strategy: Strategy;
  /** The model fits and vLLM accepts the strategy. */
  readonly feasible: boolean;
  /** Every requirement holds; false where it was not searched. */
  readonly meetsSlo: boolean;
  /** It fits and was not searched in full, because it cannot be the best (`reasons` says why): it has no verdict and no figures but its memory. */
  readonly isRuledOut?: true;
  /** Why it is infeasible, misses a requirement, or loses to the best: words with numbers. */
  readonly reasons: readonly string[];
  readonly violations: readonly Violation[];
  readonly bottleneck?: Bottleneck;
  readonly serving: ServingParameters;
  readonly memory: MemoryPerGpu;
  /** Absent when the candidate cannot run, or is overloaded: a queue that grows has no latency. */
  readonly latency?: PlanLatency;
  readonly throughput?: Throughput;
  readonly communication?: Communication;
  readonly balance?: Balance;
  /** Interactive speed for the Pareto plot: 1000 / mean time per output token. Absent where there is no latency. */
  readonly tokensPerSecondPerUser?: number;
  /** Requests that its simulation at the requested rate ran. */
  readonly simulatedRequests?: number;
  /** At the mean batch of the requested rate, or of the highest that can be served; absent when it cannot run. */
  readonly steps?: TypicalSteps;
  /** Absent where there is no latency. */
  readonly seen?: SeenInRuns;
  /** Price of all nodes over the output at its highest rate; absent without a price or when it sustains nothing. */
  readonly costUsdPerMillionOutputTokens?: number;
}

/** What one GPU holds. Layers are inclusive. */
export interface ModuleDivision {
  readonly gpu: number;
  readonly node: number;
  readonly replica: number;
  readonly stage: number;
  readonly tensorRank: number;
  readonly firstLayer: number;
  readonly lastLayer: number;
  /** Holds the input embedding / the output projection. */
  readonly embedding: boolean;
  readonly logits: boolean;
}

export interface Cost {
  /** All nodes together; absent without a price. */
  readonly usdPerHour?: number;
  readonly usdPerMonth?: number;
  /** At the requested rate. */
  readonly usdPerMillionOutputTokens?: number;
  /** Where the price comes from, with its date. */
  readonly priceSource: string;
}

/** Where a figure comes from: `explain` prints this. */
export type Provenance<Figure extends string = string> = {
  /** Dotted path of the figure in the plan's JSON, such as `memoryPerGpu.weightsBytes`; `*` matches one segment. */
  readonly figure: Figure;
  readonly source: string;
} & (
  | {
      /** Computed: `formula` is arithmetic over `inputs` (see Derivation) and gives the figure. */
      readonly kind: "derived";
      readonly formula: string;
      readonly inputs: Readonly<Record<string, number>>;
    }
  | {
      /**
       * `simulated`: read off simulated requests or steps. `searched`: found by comparing such runs. `restated`: another
       * figure of the plan. `formula` says in words what was read, with what it depends on.
       */
      readonly kind: "simulated" | "searched" | "restated" | "published" | "config";
      readonly formula: string;
      readonly inputs: Readonly<Record<string, number | string>>;
    }
);

/** Figures of one strategy, by their path in its candidate. */
export type CandidateFigure = FigurePath<
  Pick<
    Candidate,
    | "memory"
    | "latency"
    | "throughput"
    | "communication"
    | "balance"
    | "tokensPerSecondPerUser"
    | "costUsdPerMillionOutputTokens"
  >
>;

/** Figures that a plan's own provenance explains. */
export type PlanFigure = FigurePath<
  Pick<Plan, "memoryPerGpu" | "latency" | "throughput" | "communication" | "balance" | "cost">
>;

/** A point of the load curve of the chosen strategy. Latencies are NaN (null in JSON) where it is not stable. */
export interface LoadPoint {
  readonly requestRate: number;
  readonly firstTokenP50Ms: number;
  readonly firstTokenP99Ms: number;
  readonly decodeP50Ms: number;
  readonly decodeP99Ms: number;
  readonly stable: boolean;
}

/** One config key with a value. */
export interface Setting {
  /** Dotted, such as `hardware.nodes`. */
  readonly key: string;
  readonly value: string | number;
}

/** A change of the config with which a failing plan passes: a strategy was simulated with it and meets every requirement. */
export interface Remedy {
  readonly settings: readonly Setting[];
  /** What runs then; absent where degrees are left to the planner, which chooses by its objective among what passes. */
  readonly strategy?: Strategy;
  /** What all nodes cost then; absent without a price. */
  readonly usdPerHour?: number;
}

/** One change of the question and what it does to the answer. */
export interface SensitivityRow {
  /** Such as "twice the request rate (16 requests/s)". */
  readonly change: string;
  /** The strategy that would be chosen, such as "TP8"; "none" when nothing can run. */
  readonly choice: string;
  readonly meetsSlo: boolean;
  /** The choice differs from the one that this plan recommends. */
  readonly changesChoice: boolean;
  /** Why, with numbers. */
  readonly sentence: string;
}

/** The plan of a deployment: immutable, JSON-serialisable, everything derived from it downstream. */
export interface Plan {
  readonly schemaVersion: 1;
  readonly deployment: Deployment;
  readonly model: ModelArchitecture;
  /** What drafts tokens; absent without speculative decoding. */
  readonly draft?: Draft;
  readonly gpu: Gpu;
  readonly instance: InstanceType;
  readonly objective: Deployment["strategy"]["objective"];
  readonly strategy: Strategy;
  /** True when the config pins every degree. */
  readonly pinned: boolean;
  /** What the planner would choose by itself, and why, in one sentence. */
  readonly recommendation: { readonly strategy: Strategy; readonly sentence: string };
  readonly candidates: readonly Candidate[];
  readonly chosen: Candidate;
  readonly moduleDivision: readonly ModuleDivision[];
  readonly memoryPerGpu: MemoryPerGpu;
  readonly latency: PlanLatency;
  /** Residuals that each latency's error band comes from, in words. */
  readonly bandSources?: { readonly prefill: string; readonly firstToken: string; readonly decode: string };
  readonly throughput: Throughput;
  readonly communication: Communication;
  readonly balance: Balance;
  readonly checks: readonly Check[];
  readonly violations: readonly Violation[];
  readonly cost: Cost;
  readonly serving: ServingParameters & { readonly executor: "ray" | "mp" };
  readonly steps: { readonly decode: StepBreakdown; readonly prefill: StepBreakdown };
  /** Token budgets that were to choose from, largest first; empty when nothing runs. */
  readonly chunks: readonly Chunk[];
  /** The run at the requested rate; absent when the plan cannot run or is overloaded. */
  readonly simulation: SimulationResult | undefined;
  readonly provenance: readonly Provenance<PlanFigure>[];
}

export type { LatencyStatistics };
