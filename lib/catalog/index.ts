export { runnableFormat } from "./checkpoint/runnable-format";
export type { ParameterCount } from "./count-parameters";
export { countParameters, weightBytes } from "./count-parameters";
export { weightBytesOnRank } from "./count-tensors";
export { findGpu, findInstanceType, findModel, listGpus, listInstanceTypes, listModels } from "./find";
export { readModelConfig } from "./read-model-config";
export type { Hardware } from "./resolve-hardware";
export { resolveHardware } from "./resolve-hardware";
export type { Gpu, InstanceType, ModelArchitecture, Source } from "./types";
