import type { GemmShape, Shard } from "../shards/shard";
import type { Precision } from "../types";
import type { AttentionCurves } from "./attention";
import type { NodeCollectives } from "./collectives";
import type { Curve } from "./log-log";

/** Kernel times of one kind of GPU. */
export interface KernelSet {
  gemmUs(shape: GemmShape, precision: Precision): Curve;
  attention(shard: Shard, kvCacheDtype: Precision): AttentionCurves;
  readonly collectives: NodeCollectives;
  /** Figures that come from a roofline, so far. */
  readonly rooflineFigures: ReadonlySet<string>;
}
