import type { LatencyModelInput } from "../types";
import { cpuKernels } from "./cpu-kernels";
import type { KernelSet } from "./kernel-set";
import { denseReferenceOf, referenceOf } from "./references";
import { tableKernels } from "./table-kernels";

/** Kernels of the input's GPU: measured, scaled from its nearest measured relative, or a plain roofline for a CPU. */
export function kernelsOf({ gpu, engine }: Pick<LatencyModelInput, "gpu" | "engine">): KernelSet {
  return gpu.kind === "cpu"
    ? cpuKernels(gpu)
    : tableKernels({ gpu, engine, dense: denseReferenceOf(gpu), own: referenceOf(gpu) });
}
