import type { Gpu, ModelArchitecture } from "../../catalog";
import { engineProfile } from "../engine/engine-profile";
import { kernelReference } from "../kernels/references";
import { coverageOf } from "./error-band";

/**
 * What figures of a model on a GPU rest on: published rows of such a setup, measured kernels of this GPU, kernels of the
 * nearest measured NVIDIA GPU scaled to it, or its figures alone.
 */
export type KnownBy = "rows" | "tables" | "scaled" | "figures";

/** What figures of vLLM on one stage rest on. */
export function knownBy(model: ModelArchitecture, gpu: Gpu): KnownBy {
  const coverage = coverageOf({ model, gpu, engine: engineProfile("vLLM"), pipelineParallel: 1 });
  if (coverage === "rows" || coverage === "pair") return "rows";
  if (gpu.computeCapability === undefined) return "figures";
  const isDerived = model.tensors?.layers.some(
    ({ mixer }) => mixer?.kind === "recurrent" && mixer.variant === "mamba2",
  );
  return kernelReference(gpu) === gpu.name && !isDerived ? "tables" : "scaled";
}
