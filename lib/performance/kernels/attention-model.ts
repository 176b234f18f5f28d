import type { StepShape } from "../types";
import type { AttentionCurves } from "./attention";
import { tabulatedByContext } from "./tabulated";

/** Decode batches that are tabulated; vLLM's default limit is 256 to 1024 sequences. */
const TABULATED_BATCHES = 1024;

/** Attention of a step. */
export interface AttentionModel {
  /** One layer, in ms. */
  layerMs(step: StepShape): number;
  /** Work of `chunk` prompt tokens after `past` computed ones over all layers, in ms; adds up over prompts. */
  prefillMs(past: number, chunk: number): number;
}

/**
 * Attention over `layers` layers. A chunk costs the whole prompt less what was computed before, work(past + chunk) -
 * work(past); a step's prompts share the GPU, so their work is summed before it becomes time.
 */
export function attentionModel(layers: number, curves: AttentionCurves): AttentionModel {
  const decodeUs = tabulatedByContext(curves.decodeUs, TABULATED_BATCHES);
  const work = (length: number) => (length > 0 ? curves.promptWorkUs(length) : 0);
  return {
    layerMs: ({ decodeSequences, decodeContextTokens, prefillAttentionMs }) => {
      const decode =
        decodeSequences > 0 ? decodeUs(decodeSequences, decodeContextTokens / decodeSequences) : 0;
      const prefill = prefillAttentionMs > 0 ? curves.workToTimeUs((prefillAttentionMs * 1e3) / layers) : 0;
      return (decode + prefill) / 1e3;
    },
    prefillMs: (past, chunk) => (layers * (work(past + chunk) - work(past))) / 1e3,
  };
}
