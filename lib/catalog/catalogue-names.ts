import type { OfferedNames } from "../config";
import { listGpus, listInstanceTypes, listModels } from "./find";

/** Names that editors offer, as the catalogue writes them. */
export const catalogueNames = (): OfferedNames => ({
  gpus: listGpus().map(({ name }) => name),
  instanceTypes: ["custom", ...listInstanceTypes().map(({ name }) => name)],
  models: listModels().map(({ name }) => name),
});
