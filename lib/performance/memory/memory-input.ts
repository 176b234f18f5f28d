import type { Gpu, ModelArchitecture } from "../../catalog";
import type { CalibratedConstants } from "../calibration/calibrated";
import type { CudaGraphs } from "../step/cuda-graph-padding";
import type { EngineProfile, KernelFormats, Precision } from "../types";

/** What decides the memory of one GPU of a replica. */
export interface MemoryInput {
  readonly model: ModelArchitecture;
  readonly gpu: Gpu;
  readonly precision: Precision;
  readonly formats?: KernelFormats;
  readonly kvCacheDtype: Precision;
  readonly tensorParallel: number;
  readonly pipelineParallel: number;
  readonly expertParallel: number;
  /** Replicas that share the experts and gather each other's tokens; default as in LatencyModelInput. */
  readonly expertReplicas?: number;
  /** 1 or tensorParallel: residual stream and norms sharded by token. */
  readonly sequenceParallel: number;
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
  /** Steps that are captured; default: what the engine captures by itself. */
  readonly cudaGraphs?: CudaGraphs;
  /** Fitted buffer sizes; a calibration passes its own. */
  readonly constants?: CalibratedConstants;
}
