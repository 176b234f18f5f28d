export { createLatencyModel } from "./kernels/latency-model";
export { partitionLayers } from "./kernels/partition-layers";
export * from "./types";
