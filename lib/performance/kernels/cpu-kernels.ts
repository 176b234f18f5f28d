import type { Gpu } from "../../catalog";
import type { KernelSet } from "./kernel-set";
import { ringCollectives } from "./node-collectives";
import { bytesOf, gemmRooflineUs } from "./roofline";

/** Share of peak arithmetic and memory bandwidth that CPU kernels reach: assumed, no table is known. */
const REACHED = 0.5;
/** Time of an empty operator: Python and PyTorch dispatch without a captured graph; assumed. */
const OPERATOR_US = 10;
/** One barrier of vLLM's shared-memory collectives between processes; assumed. */
const BARRIER_US = 20;

/**
 * A host without GPUs, as the rehearsal uses it: a plain roofline at half of the peaks, collectives through shared
 * memory (each rank writes its message and reads everyone's). Rough on purpose: it only has to place a tiny model.
 */
export function cpuKernels(gpu: Gpu): KernelSet {
  const memoryUs = (bytes: number) => (bytes * 1e6) / (gpu.hbmBytesPerSecond * REACHED);
  const mathUs = (flops: number) => (flops * 1e6) / (gpu.bf16FlopsPerSecond * REACHED);
  return {
    gemmUs: (shape, precision) => (m) => OPERATOR_US + gemmRooflineUs(gpu, shape, precision, m) / REACHED,
    attention: ({ queryHeads, keyValueHeads, headDim }, kvCacheDtype) => ({
      promptWorkUs: (length) => mathUs(2 * queryHeads * headDim * length ** 2),
      workToTimeUs: (work) => OPERATOR_US + work,
      decodeUs: (batch, past) =>
        OPERATOR_US +
        Math.max(
          memoryUs(2 * batch * past * keyValueHeads * headDim * bytesOf(kvCacheDtype)),
          mathUs(4 * batch * past * queryHeads * headDim),
        ),
    }),
    collectives: {
      of: (ranks) => ringCollectives((bytes) => BARRIER_US + memoryUs(bytes * (ranks + 1))),
      sendUs: (bytes) => BARRIER_US + memoryUs(2 * bytes),
    },
    rooflineFigures: new Set([
      "GEMM (roofline of a CPU)",
      "attention (roofline of a CPU)",
      "collectives (assumed)",
    ]),
  };
}
