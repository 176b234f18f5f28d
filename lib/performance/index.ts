export {
  type CalibratedConstant,
  type CalibratedConstants,
  type ConstantName,
  calibrated,
  calibratedConstants,
} from "./calibration/calibrated";
export { createLatencyModel, type ModelOverrides } from "./calibration/create-latency-model";
export {
  type BandRegime,
  type EngineFamily,
  engineFamily,
  errorBand,
  isCoveredByRows,
  type MeasuredQuantity,
} from "./calibration/error-band";
export { type CommunicationBytes, communicationBytes, ringBytes } from "./kernels/communication-bytes";
export { type LatencyConstants, latencyConstants } from "./kernels/constants";
export { partitionLayers } from "./kernels/partition-layers";
export { compareVersions } from "./memory/compare-versions";
export {
  type GpuMemory,
  type MemoryInput,
  memoryPerGpu,
  type ReplicaMemory,
  replicaMemory,
} from "./memory/memory-per-gpu";
export type {
  Band,
  CasePrediction,
  CaseResult,
  InfeasibleCase,
  InvalidCase,
  PredictedColumn,
} from "./predict/case-prediction";
export { engineProfile } from "./predict/engine-profile";
export { type CaseCells, type CaseContext, predictCase } from "./predict/predict-case";
export { laterStages, predictCases } from "./predict/predict-cases";
export { type SimulationOptions, simulate } from "./simulation/simulate";
export * from "./types";
