import { bytesOnRank } from "../../catalog";
import { weightBytes } from "../kernels/precision";
import { expertTensorRanks } from "../shards/expert-ranks";
import type { MemoryInput } from "./memory-input";
import type { WeightShards } from "./weights-of-stage";

/**
 * Bytes into which a rank receives experts that are moved to it: as many as one layer's experts take on it
 * (vllm/distributed/eplb/eplb_state.py of 0.33, `expert_buffer`). 0 where none are moved.
 */
export function expertBufferBytes({ model, expertBalancing }: MemoryInput, shards: WeightShards): number {
  const { experts, tensors } = model;
  if (!expertBalancing || !experts) return 0;
  const { expertParallel, tensorParallel, precision, formats, expertPadding } = shards;
  const format = formats?.experts ?? precision;
  if (!tensors) {
    const held = (experts.count + expertBalancing.redundantExperts) / expertParallel;
    return 3 * model.hiddenSize * experts.intermediateSize * held * weightBytes(format);
  }
  const mixture = tensors.layers.find(({ feedForward }) => feedForward?.kind === "experts")?.tensors ?? [];
  const onLoad = format !== "bf16" && !model.checkpoint ? { onLoad: { format } } : {};
  return mixture
    .filter((tensor) => tensor.experts !== undefined)
    .reduce(
      (sum, tensor) =>
        sum +
        bytesOnRank(tensor, {
          tensorParallel,
          expertParallel,
          expertTensorParallel: expertTensorRanks(shards),
          redundantExperts: expertBalancing.redundantExperts,
          ...onLoad,
          ...(expertPadding ? { expertPadding } : {}),
        }),
      0,
    );
}
