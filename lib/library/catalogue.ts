import {
  findGpu,
  findInstanceType,
  findModel,
  type Gpu,
  type InstanceType,
  listGpus,
  listInstanceTypes,
  listModels,
  type ModelArchitecture,
} from "../catalog";

/** What the planner knows: every row with its source. `gpu`, `instanceType` and `model` throw a `UserError` that names what is near. */
export interface Catalogue {
  readonly gpus: () => readonly Gpu[];
  readonly instanceTypes: () => readonly InstanceType[];
  readonly models: () => readonly ModelArchitecture[];
  readonly gpu: (name: string) => Gpu;
  readonly instanceType: (name: string) => InstanceType;
  readonly model: (name: string) => ModelArchitecture;
}

export const catalogue: Catalogue = {
  gpus: listGpus,
  instanceTypes: listInstanceTypes,
  models: listModels,
  gpu: (name) => findGpu(name),
  instanceType: (name) => findInstanceType(name),
  model: (name) => findModel(name),
};
