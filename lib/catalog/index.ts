export type { ParameterCount } from "./count-parameters";
export { countParameters, weightBytes } from "./count-parameters";
export { findGpu, findInstanceType, findModel, listGpus, listInstanceTypes, listModels } from "./find";
export { isGated } from "./gated";
export { readModelConfig } from "./read-model-config";
export type { Hardware } from "./resolve-hardware";
export { resolveHardware } from "./resolve-hardware";
export type { Gpu, InstanceType, ModelArchitecture, Source } from "./types";
