import type { Gpu } from "../../catalog";
import type { GemmShape } from "../shards/shard";
import { gemmPoints, type MeasuredGemms } from "./gemm";
import { type Curve, logLogCurve } from "./log-log";
import type { KernelPrecision } from "./precision";
import type { Reference } from "./references";
import { gemmRooflineUs } from "./roofline";
import { gemmTable } from "./tables";

/** Part of a product's time that no faster memory or arithmetic shortens, in microseconds (launch, prologue, tail). */
const FLOOR_US = 4;

/**
 * Quantising activations by block is a kernel of its own. The tables' block-scaled products (56 to 190 us where per-tensor
 * FP8 takes 8 to 12) were launched from Python; from some thousand rows on they equal per-tensor FP8 within 8 %.
 */
const BLOCK_SCALES_US = 3;

/**
 * H100's FP8 products of 8192 rows measure 8 to 29 % faster per row than their neighbours in 15 of 16 shapes of Llama-70B
 * (BF16 does not); measured prefills do not show that gain, so the point is left out.
 */
const H100_FP8_SKIPPED = [8192];

/** Precisions whose products were measured, nearest first: the rest of the way is the ratio of the rooflines. */
const MEASURED_AS: Readonly<Record<KernelPrecision, readonly KernelPrecision[]>> = {
  bf16: ["bf16"],
  fp8: ["fp8", "bf16"],
  fp8_block: ["fp8", "bf16"],
  int8: ["fp8", "bf16"],
  nvfp4: ["nvfp4", "bf16"],
  int4: ["bf16"],
  mxfp4: ["bf16"],
  w8a16: ["bf16"],
};

function measuredGemms({ tables, gpu }: Reference, asked: KernelPrecision): MeasuredGemms {
  for (const precision of MEASURED_AS[asked]) {
    const table = gemmTable(tables, precision);
    const skipped = tables === "h100-sxm" && precision === "fp8" ? H100_FP8_SKIPPED : [];
    if (table !== undefined) return { table, precision, machine: gpu, skipped };
  }
  throw new Error(`no products of ${tables} in ${asked}`);
}

/** Products of one GPU, and whether they are measured as they are asked for. */
export interface GemmCurve {
  readonly us: Curve;
  readonly isMeasured: boolean;
}

/**
 * Time of a product over its rows m in microseconds: measured on this GPU, or the measured efficiency of the reference in
 * the nearest precision over the roofline of this one; a launch floor stays as it is. Held against measured products
 * (1024 <= n, k <= 16384), H100 scaled by its rooflines errs in BF16 by 4 % on H200, 9 % on B200, 17 % on L40S and 18 % on
 * A100; in FP8 by 10, 24 and 21 % on H200, B200 and L40S: a relative of the same generation is nearer.
 */
export function gemmCurve(
  gpu: Gpu,
  reference: Reference,
  shape: GemmShape,
  precision: KernelPrecision,
): GemmCurve {
  const gemms = measuredGemms(reference, precision);
  const { tokens, us } = gemmPoints(gemms, shape);
  const extra = precision === "fp8_block" ? BLOCK_SCALES_US : 0;
  const isBlock = precision === "fp8_block" && gemms.precision === "fp8";
  const isMeasured = gpu.name === reference.gpu.name && (gemms.precision === precision || isBlock);
  if (isMeasured && extra === 0) return { us: logLogCurve(tokens, us), isMeasured };
  const scaled = tokens.map((m, i) => {
    const floor = Math.min(us[i], FLOOR_US);
    const slower =
      gemmRooflineUs(gpu, shape, precision, m) / gemmRooflineUs(gemms.machine, shape, gemms.precision, m);
    return floor + (us[i] - floor) * (isMeasured ? 1 : slower) + extra;
  });
  return { us: logLogCurve(tokens, scaled), isMeasured };
}
