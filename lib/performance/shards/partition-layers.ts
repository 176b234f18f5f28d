/**
 * Layers of each pipeline stage as vLLM divides them (get_pp_indices in vllm/distributed/utils.py): equal shares,
 * and the remainder one layer each to the stages before the last, latest first, because the last stage has the logits.
 */
export function partitionLayers(layers: number, stages: number): number[] {
  const share = Math.floor(layers / stages);
  const remainder = layers % stages;
  return Array.from({ length: stages }, (_, stage) => {
    const takesOneMore = stage < stages - 1 && stage >= stages - 1 - remainder;
    return share + (takesOneMore ? 1 : 0);
  });
}
