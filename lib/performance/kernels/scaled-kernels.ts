import type { Gpu } from "../../catalog";
import type { LatencyModelInput } from "../types";
import { attentionCurves, scaleAttention } from "./attention";
import { gemmPoints } from "./gemm";
import type { KernelSet } from "./kernel-set";
import { logLogCurve } from "./log-log";
import { nearestAttention } from "./nearest-attention";
import { nvlinkCollectives, pcieCollectives } from "./node-collectives";
import { gemmRooflineUs, h100Sxm, peakFlops } from "./roofline";
import { attentionTable, gemmTable } from "./tables";

/** Tables that other GPUs borrow their efficiencies from. */
const REFERENCE_TABLES = "h100-sxm";

/** Part of a GEMM's time that no faster memory or arithmetic shortens, in microseconds (launch, prologue, tail). */
const GEMM_FLOOR_US = 4;

/**
 * GPUs whose scaled step times were held against published latencies and throughputs (bench/data/other-setups.csv). A100
 * is not among them: only throughputs of an old engine are published there.
 */
const CHECKED_GPUS: readonly string[] = ["H200-SXM-141GB"];

/** Whether published measurements say how far the scaled kernels of this GPU are off. */
export const isCheckedGpu = ({ name }: Gpu): boolean => CHECKED_GPUS.includes(name);

/**
 * Another GPU: each kernel keeps the efficiency that H100 reaches at the same shape, over its own roofline; a launch
 * floor stays as it is. Held against measured GEMMs (1024 <= n, k <= 16384) of the same publisher, median error in BF16:
 * H200 4 %, B200 9 %, L40S 17 %, A100 18 %; FP8: H200 10 %, L40S 21 %, B200 24 %.
 */
export function scaledKernels({ gpu, engine }: Pick<LatencyModelInput, "gpu" | "engine">): KernelSet {
  const { nvlinkBytesPerSecond } = gpu;
  return {
    gemmUs: (shape, precision) => {
      const { tokens, us } = gemmPoints(gemmTable(REFERENCE_TABLES, precision), shape, precision);
      const scaled = tokens.map((m, i) => {
        const floor = Math.min(us[i], GEMM_FLOOR_US);
        const slower =
          gemmRooflineUs(gpu, shape, precision, m) / gemmRooflineUs(h100Sxm, shape, precision, m);
        return floor + (us[i] - floor) * slower;
      });
      return logLogCurve(tokens, scaled);
    },
    attention: (shard, kvCacheDtype) => {
      const { shape } = nearestAttention(attentionTable(REFERENCE_TABLES, kvCacheDtype), shard);
      return attentionCurves(
        scaleAttention(shape, {
          prefill: peakFlops(h100Sxm, "bf16") / peakFlops(gpu, "bf16"),
          decode: h100Sxm.hbmBytesPerSecond / gpu.hbmBytesPerSecond,
        }),
      );
    },
    collectives: nvlinkBytesPerSecond
      ? nvlinkCollectives(REFERENCE_TABLES, engine, h100Sxm.nvlinkBytesPerSecond / nvlinkBytesPerSecond)
      : pcieCollectives(gpu.pcieBytesPerSecond),
    rooflineFigures: new Set(
      ["GEMM", "attention", "collectives"].map(
        (part) => `${part} (scaled from H100 to ${gpu.name} by roofline)`,
      ),
    ),
  };
}
