import type { ModelArchitecture } from "../../catalog";

/** Kinds of models whose kernels differ; the first published rows are of dense ones. */
export type ModelKind = "dense" | "mixture" | "windowed" | "latent";

/** The kind of a model by its shape, so that what was fitted carries over to models that nobody has measured. */
export function modelKind({ experts, latentAttention, slidingWindow }: ModelArchitecture): ModelKind {
  if (experts === undefined) return "dense";
  if (latentAttention !== undefined) return "latent";
  return slidingWindow === undefined ? "mixture" : "windowed";
}
