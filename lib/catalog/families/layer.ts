import type { GroupedAttention, LatentAttention } from "./attention";
import type { FeedForward } from "./feed-forward";
import type { RecurrentLayer } from "./recurrent";
import type { Tensor } from "./tensor";

/** One layer: what mixes tokens, what follows, and the tensors of both. */
export interface Layer {
  readonly mixer?: GroupedAttention | LatentAttention | RecurrentLayer;
  readonly feedForward?: FeedForward;
  readonly tensors: readonly Tensor[];
}

/** All tensors of a model by where they live. */
export interface ModelTensors {
  readonly layers: readonly Layer[];
  readonly embedding: Tensor;
  /** Output projection; absent where it shares the embedding's matrix. */
  readonly logits?: Tensor;
  readonly finalNorm: Tensor;
  /** What vLLM's class of the family makes on every stage of a pipeline, not only on the one that needs it. */
  readonly onEveryStage: { readonly embedding: boolean; readonly logits: boolean };
  /** Vision tower and its projector: on the first stage, idle for text. */
  readonly vision: readonly Tensor[];
}
