/** Over what queries and keys are normalised: each head by itself, or all heads together, and so over tensor-parallel ranks. */
export type QueryKeyNorm = "head" | "ranks";

/** Whether a family of models normalises queries and keys, by its `model_type`. */
export function queryKeyNorm(modelType: string): QueryKeyNorm | undefined {
  if (/^(qwen3|gemma3|glm4_moe|mimo_v2)/.test(modelType)) return "head";
  return modelType.startsWith("minimax_m2") ? "ranks" : undefined;
}

/** Weights of the norms of queries and keys in one layer. */
export function queryKeyNormWeights(
  norm: QueryKeyNorm | undefined,
  attention: { readonly heads: number; readonly keyValueHeads: number; readonly headDim: number },
): number {
  if (norm === undefined) return 0;
  return (norm === "head" ? 2 : attention.heads + attention.keyValueHeads) * attention.headDim;
}
