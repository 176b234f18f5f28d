import type { CalibratedConstants } from "../calibration/calibrated";
import type { CudaGraphs } from "../step/cuda-graph-padding";
import type { EngineProfile, LatencyModelInput } from "../types";
import type { Adapters } from "./lora-memory";

/** What decides the memory of one GPU of a replica: model, GPU and shards as for its step time, and the engine's limits. */
export interface MemoryInput
  extends Pick<
    LatencyModelInput,
    | "model"
    | "gpu"
    | "precision"
    | "formats"
    | "kvCacheDtype"
    | "tensorParallel"
    | "pipelineParallel"
    | "expertParallel"
    | "expertReplicas"
    | "sequenceParallel"
    | "draft"
    | "decodeContextParallel"
    | "expertBalancing"
  > {
  readonly engine: EngineProfile;
  /** Share of the visible memory that the engine takes, 0..1. */
  readonly gpuMemoryUtilization: number;
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  /** Tokens of a typical sequence: what a layer with a window or a state caches of it. Default: shorter than any window. */
  readonly sequenceTokens?: number;
  /** Tokens of the longest sequence that the engine admits; default: a typical one. */
  readonly maxModelLen?: number;
  readonly prefixCaching?: boolean;
  /** LoRA adapters that there is room for; absent for none. */
  readonly adapters?: Adapters;
  /** Steps that are captured; default: what the engine captures by itself. */
  readonly cudaGraphs?: CudaGraphs;
  /** Fitted buffer sizes; a calibration passes its own. */
  readonly constants?: CalibratedConstants;
}
