export { catalogueNames } from "./catalogue-names";
export { type CutGroup, cutGroup } from "./checkpoint/cut-group";
export { runnableFormat } from "./checkpoint/runnable-format";
export { configsOf } from "./configs-of";
export type { ParameterCount } from "./count-parameters";
export { countParameters, weightBytes } from "./count-parameters";
export { weightBytesOnRank } from "./count-tensors";
export type { Draft } from "./draft/draft";
export { draftConfigOf, resolveDraft } from "./draft/resolve-draft";
export { MODEL_TYPES } from "./families/read-tensors";
export { product, type Tensor } from "./families/tensor";
export { bytesOnRank, shardShape } from "./families/tensor-bytes";
export {
  findGpu,
  findInstanceType,
  findModel,
  gpusMeant,
  listGpus,
  listInstanceTypes,
  listModels,
} from "./find";
export { isGated } from "./gated";
export { hubAddress } from "./hub-config";
export { readModelConfig } from "./read-model-config";
export type { Hardware } from "./resolve-hardware";
export { resolveHardware } from "./resolve-hardware";
export { modelConfigOf, resolveModel } from "./resolve-model";
export type { Gpu, InstanceType, ModelArchitecture, Source } from "./types";
