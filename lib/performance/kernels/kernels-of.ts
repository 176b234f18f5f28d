import type { LatencyModelInput } from "../types";
import { cpuKernels } from "./cpu-kernels";
import type { KernelSet } from "./kernel-set";
import { measuredKernels } from "./measured-kernels";
import { scaledKernels } from "./scaled-kernels";

/** Kernels of the input's GPU: measured, scaled from the measured ones by roofline, or a plain roofline for a CPU. */
export function kernelsOf(input: Pick<LatencyModelInput, "gpu" | "engine">): KernelSet {
  if (input.gpu.kind === "cpu") return cpuKernels(input.gpu);
  return input.gpu.kernelTables ? measuredKernels(input.gpu.kernelTables, input) : scaledKernels(input);
}
