import { cardGpus } from "./gpus/cards";
import { dataCentreGpus } from "./gpus/data-centre";
import { gpuOf } from "./gpus/row";
import type { Gpu } from "./types";

/**
 * One rank of a CPU host. A stated assumption, not a measurement: a quarter of a two-channel DDR4-3200 host (51.2 GB/s)
 * and 32 AVX2 BF16-emulated FLOPs per cycle on one core. It exists so that a host without an accelerator gets a plan at
 * all; nothing is ever promised from it.
 */
const cpu: Gpu = {
  name: "cpu",
  kind: "cpu",
  nominalMemoryGb: 8,
  memoryBytes: 8 * 2 ** 30,
  visibleMemoryBytes: 8 * 2 ** 30,
  hbmBytesPerSecond: 12.8e9,
  bf16FlopsPerSecond: 0.1e12,
  pcieBytesPerSecond: 4e9,
  provenance: {
    source:
      "assumption: 8 GiB, 12.8 GB/s and 0.1 TFLOP/s a rank of a small CPU host; for trying out, not for promises",
    date: "2026-11-22",
  },
};

/**
 * Every GPU that a plan can use by name. Peaks are dense; bandwidths are per direction.
 * `visibleMemoryBytes` is what CUDA reports after the driver took its part: vLLM's utilization is a share of it.
 */
export const gpus: readonly Gpu[] = [...[...dataCentreGpus, ...cardGpus].map(gpuOf), cpu];
