import type { Gpu, Source } from "../types";

const GIB = 2 ** 30;
const TERA = 1e12;
const GIGA = 1e9;

/** A GPU in the units of data sheets; peaks are dense, bandwidths are per direction. */
export interface GpuRow {
  readonly name: string;
  readonly nominalMemoryGb: number;
  /** Physical memory in GiB. */
  readonly memoryGib: number;
  /** Memory that CUDA reports in GiB: vLLM's utilization is a share of it. */
  readonly visibleGib: number;
  readonly hbmGbPerSecond: number;
  /** Dense peaks in TFLOP/s (TOP/s for int8); FP8 and FP4 where the hardware has such units. */
  readonly tflops: {
    readonly bf16: number;
    readonly int8: number;
    readonly fp8?: number;
    readonly fp4?: number;
  };
  /** Direct link to the other GPUs of the host in GB/s; absent where they talk over PCIe. */
  readonly linkGbPerSecond?: number;
  readonly pcieGbPerSecond: number;
  /** NVIDIA's compute capability; absent on other makers' GPUs. */
  readonly computeCapability?: number;
  readonly provenance: Source;
}

/** A row in bytes and per second. */
export function gpuOf(row: GpuRow): Gpu {
  const { tflops, linkGbPerSecond, computeCapability } = row;
  return {
    name: row.name,
    kind: "gpu",
    nominalMemoryGb: row.nominalMemoryGb,
    memoryBytes: row.memoryGib * GIB,
    visibleMemoryBytes: row.visibleGib * GIB,
    hbmBytesPerSecond: row.hbmGbPerSecond * GIGA,
    bf16FlopsPerSecond: tflops.bf16 * TERA,
    int8OpsPerSecond: tflops.int8 * TERA,
    ...(tflops.fp8 === undefined ? {} : { fp8FlopsPerSecond: tflops.fp8 * TERA }),
    ...(tflops.fp4 === undefined ? {} : { fp4FlopsPerSecond: tflops.fp4 * TERA }),
    ...(linkGbPerSecond === undefined ? {} : { nvlinkBytesPerSecond: linkGbPerSecond * GIGA }),
    pcieBytesPerSecond: row.pcieGbPerSecond * GIGA,
    ...(computeCapability === undefined ? {} : { computeCapability }),
    provenance: row.provenance,
  };
}

/** System cards of aiconfigurator: memory, bandwidth, dense peaks, links. */
export const card = (file: string, visible: string): Source => ({
  source: `ai-dynamo/aiconfigurator@095f58a51 aic-core/src/aiconfigurator_core/systems/${file}; visible memory: ${visible}`,
  date: "2026-08-21",
});

/** A maker's data sheet. */
export const sheet = (document: string, visible: string): Source => ({
  source: `${document}; visible memory: ${visible}`,
  date: "2026-11-26",
});

/** Where the memory that CUDA reports was read. */
export const torchOom = (gib: string): string =>
  `PyTorch's "total capacity of ${gib} GiB" in public error reports, the smallest commonly seen`;
