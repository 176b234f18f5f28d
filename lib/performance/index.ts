export {
  type CalibratedConstant,
  type CalibratedConstants,
  type ConstantName,
  calibrated,
  calibratedConstants,
} from "./calibration/calibrated";
export { createLatencyModel, type ModelOverrides } from "./calibration/create-latency-model";
export { type CommunicationBytes, communicationBytes, ringBytes } from "./kernels/communication-bytes";
export { type LatencyConstants, latencyConstants } from "./kernels/constants";
export { partitionLayers } from "./kernels/partition-layers";
export {
  type GpuMemory,
  type MemoryInput,
  memoryPerGpu,
  type ReplicaMemory,
  replicaMemory,
} from "./memory/memory-per-gpu";
export { type SimulationOptions, simulate } from "./simulation/simulate";
export * from "./types";
