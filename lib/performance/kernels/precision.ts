import type { Gpu } from "../../catalog";

/**
 * How a product holds its weights and computes. `bf16`, `fp8`, `int8` and `nvfp4` compute in what they are stored in;
 * `fp8_block` is FP8 with a scale for each block of 128 x 128; `int4`, `mxfp4` and `w8a16` widen their weights to 16 bits.
 */
export type KernelPrecision = "bf16" | "fp8" | "fp8_block" | "int8" | "nvfp4" | "int4" | "mxfp4" | "w8a16";

/** What bounds a kernel: peak arithmetic and memory bandwidth. */
export type Machine = Pick<
  Gpu,
  "hbmBytesPerSecond" | "bf16FlopsPerSecond" | "fp8FlopsPerSecond" | "fp4FlopsPerSecond" | "int8OpsPerSecond"
>;

/** Bytes of a weight with its scales: 16 bits for 128 values of int4, 8 bits for 16 of nvfp4 and for 32 of mxfp4. */
const WEIGHT_BYTES: Readonly<Record<KernelPrecision, number>> = {
  bf16: 2,
  fp8: 1,
  fp8_block: 1,
  int8: 1,
  nvfp4: 0.5625,
  int4: 0.516,
  mxfp4: 0.531,
  w8a16: 1,
};

/** Bytes of one weight with its share of the scales. */
export const weightBytes = (precision: KernelPrecision): number => WEIGHT_BYTES[precision];

/** Bytes of one activation that a product of this precision reads. */
export const activationBytes = (precision: KernelPrecision): number =>
  ["bf16", "int4", "mxfp4", "w8a16"].includes(precision) ? 2 : WEIGHT_BYTES[precision];

/** Peak of the arithmetic that a precision runs in, in FLOP/s; without units of its own it runs in BF16. */
export function peakFlops(machine: Machine, precision: KernelPrecision): number {
  const own = {
    fp8: machine.fp8FlopsPerSecond,
    fp8_block: machine.fp8FlopsPerSecond,
    int8: machine.int8OpsPerSecond,
    nvfp4: machine.fp4FlopsPerSecond,
  } as const satisfies Partial<Record<KernelPrecision, number | undefined>>;
  return (precision in own ? own[precision as keyof typeof own] : undefined) ?? machine.bf16FlopsPerSecond;
}
