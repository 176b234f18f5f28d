export { createLatencyModel } from "./kernels/latency-model";
export { partitionLayers } from "./kernels/partition-layers";
export { type SimulationOptions, simulate } from "./simulation/simulate";
export * from "./types";
