import type { Collectives } from "../kernels/collectives";
import type { LatencyConstants } from "../kernels/constants";
import type { KernelSet } from "../kernels/kernel-set";
import type { Curve } from "../kernels/log-log";
import type { Shard } from "../shards/shard";

/** Building blocks of a layer on one rank; `group` are the collectives of the tensor-parallel group. */
export interface LayerParts {
  readonly kernels: KernelSet;
  readonly shard: Shard;
  /** A layer may lack the one or the other (Nemotron-H, nemotron-nas); default: it has both. */
  readonly hasMixer?: boolean;
  readonly hasFeedForward?: boolean;
  readonly group: Collectives;
  readonly constants: LatencyConstants;
}

/** Costs of the part of a layer after attention, by tokens of the step. */
export interface FeedForward {
  readonly gemmUs: Curve;
  readonly elementwiseMs: Curve;
  /** What brings the ranks' results together. */
  readonly exchangeUs: Curve;
  /** Experts that replicas share, and the exchange of their tokens, by the tokens of all of them; 0 where none are shared. */
  readonly sharedGemmUs: Curve;
  readonly allToAllUs: Curve;
}

/** A replica that has all of its feed-forward to itself. */
export const NOTHING_SHARED: Pick<FeedForward, "sharedGemmUs" | "allToAllUs"> = {
  sharedGemmUs: () => 0,
  allToAllUs: () => 0,
};
