import type { EngineProfile } from "../types";
import { attentionCurves } from "./attention";
import { gemmCurve, gemmPoints } from "./gemm";
import type { KernelSet } from "./kernel-set";
import { nearestAttention } from "./nearest-attention";
import { nvlinkCollectives } from "./node-collectives";
import { attentionTable, gemmTable } from "./tables";

/** A GPU with tables of its own: `tables` is the name in their file names. */
export function measuredKernels(tables: string, { engine }: { engine: EngineProfile }): KernelSet {
  const rooflineFigures = new Set<string>();
  return {
    gemmUs: (shape, precision) => gemmCurve(gemmPoints(gemmTable(tables, precision), shape, precision)),
    attention: (shard, kvCacheDtype) => {
      const found = nearestAttention(attentionTable(tables, kvCacheDtype), shard);
      if (found.scaledFrom) rooflineFigures.add(`attention (scaled from heads ${found.scaledFrom})`);
      return attentionCurves(found.shape);
    },
    collectives: nvlinkCollectives(tables, engine, 1),
    rooflineFigures,
  };
}
