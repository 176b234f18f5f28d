export {
  type CalibratedConstant,
  type CalibratedConstants,
  type ConstantName,
  calibrated,
  calibratedConstants,
} from "./calibration/calibrated";
export {
  createLatencyModel,
  createLatencyModels,
  type ModelOverrides,
} from "./calibration/create-latency-model";
export {
  type BandRegime,
  type Coverage,
  coverageOf,
  type EngineFamily,
  engineFamily,
  errorBand,
  type MeasuredQuantity,
} from "./calibration/error-band";
export { type KnownBy, knownBy } from "./calibration/known-by";
export { type ModelKind, modelKind } from "./calibration/model-kind";
export { sharedLatencyModels } from "./calibration/shared-latency-models";
export type { Derivation } from "./derivation";
export { type Advisory, advisoriesOf } from "./engine/advisories";
export { compareVersions } from "./engine/compare-versions";
export {
  cachesPrefixesByDefault,
  defaultUtilization,
  type SchedulerLimits,
  schedulerLimits,
} from "./engine/engine-defaults";
export { engineProfile } from "./engine/engine-profile";
export { firstVersionFor } from "./engine/model-classes";
export { firstVersionWith, hasChange, KNOWN_VLLM, rulesOf } from "./engine/version-changes";
export { type LatencyConstants, latencyConstants } from "./kernels/constants";
export type { KernelPrecision } from "./kernels/precision";
export { kernelReference } from "./kernels/references";
export { memoryConstants } from "./memory/constants";
export { type Adapters, adaptsEnds } from "./memory/lora-memory";
export {
  type DerivedMemory,
  kvTokensDerivation,
  loggedTokensDerivation,
  memoryDerivations,
  overheadEdges,
} from "./memory/memory-derivation";
export type { MemoryInput } from "./memory/memory-input";
export {
  allStageShards,
  type GpuMemory,
  memoryPerGpu,
  type ReplicaMemory,
  replicaMemory,
  type StageShards,
} from "./memory/memory-per-gpu";
export type {
  Band,
  CasePrediction,
  CaseResult,
  InfeasibleCase,
  InvalidCase,
  PredictedColumn,
} from "./predict/case-prediction";
export { type CaseCells, type CaseContext, predictCase } from "./predict/predict-case";
export { laterStages, predictCases } from "./predict/predict-cases";
export { partitionLayers } from "./shards/partition-layers";
export { lengthsOf } from "./simulation/sample-lengths";
export { type SimulationOptions, simulate } from "./simulation/simulate";
export { acceptanceOf, type Speculation, tokensPerStep } from "./simulation/speculation";
export {
  type CommunicationBytes,
  type CommunicationInput,
  communicationBytes,
  ringBytes,
  sentBytesDerivation,
} from "./step/communication-bytes";
export { type CudaGraphs, captureSizes, defaultCudaGraphs } from "./step/cuda-graph-padding";
export * from "./types";
