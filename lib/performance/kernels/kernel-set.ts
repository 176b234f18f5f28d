import type { GemmShape } from "../shards/shard";
import type { Precision } from "../types";
import type { AttentionCurves } from "./attention";
import type { NodeCollectives } from "./collectives";
import type { ExpertShape } from "./experts-of";
import type { Curve } from "./log-log";
import type { AttentionHeads } from "./nearest-attention";
import type { KernelPrecision } from "./precision";
import type { RecurrentCurves, RecurrentShape } from "./recurrent-of";

/** Kernel times of one kind of GPU. */
export interface KernelSet {
  gemmUs(shape: GemmShape, precision: KernelPrecision): Curve;
  /** @param window tokens that the layer looks back over; absent: all */
  attention(heads: AttentionHeads, kvCacheDtype: Precision, window?: number): AttentionCurves;
  /** Latent attention with its projections; undefined where no table prices it. */
  latentAttention?(
    queryHeads: number,
    kvCacheDtype: Precision,
    projections: KernelPrecision,
  ): AttentionCurves | undefined;
  /** A layer with a state, without its projections; undefined where no table prices it. */
  recurrent?(shape: RecurrentShape): RecurrentCurves | undefined;
  /** Routed experts of a rank by tokens of all ranks, in microseconds; undefined where no table prices them. */
  experts?(shape: ExpertShape, precision: KernelPrecision): Curve | undefined;
  readonly collectives: NodeCollectives;
  /** Figures that come from scaling or a roofline, so far. */
  readonly rooflineFigures: ReadonlySet<string>;
}
