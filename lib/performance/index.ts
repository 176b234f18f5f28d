export { createLatencyModel } from "./kernels/latency-model";
export * from "./types";
