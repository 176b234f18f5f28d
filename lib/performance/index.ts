export { type CommunicationBytes, communicationBytes, ringBytes } from "./kernels/communication-bytes";
export { type LatencyConstants, latencyConstants } from "./kernels/constants";
export { createLatencyModel } from "./kernels/latency-model";
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
