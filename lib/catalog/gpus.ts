import type { Gpu, Source } from "./types";

const GIB = 2 ** 30;
const TERA = 1e12;
const GIGA = 1e9;

/** System cards of aiconfigurator: memory, bandwidth, dense peaks, NVLink and PCIe per direction. */
function card(file: string, visible: string): Source {
  return {
    source: `ai-dynamo/aiconfigurator@095f58a51 aic-core/src/aiconfigurator_core/systems/${file}; visible memory: ${visible}`,
    date: "2026-08-21",
  };
}

const torchOom = (gib: string) =>
  `PyTorch's "total capacity of ${gib} GiB" in public error reports, the smallest commonly seen`;

/**
 * Every GPU that a plan can use. Peaks are dense; bandwidths are per direction.
 * `visibleMemoryBytes` is what CUDA reports after the driver took its part: vLLM's utilization is a share of it.
 */
export const gpus = [
  {
    name: "H100-SXM-80GB",
    kind: "gpu",
    nominalMemoryGb: 80,
    memoryBytes: 80 * GIB,
    visibleMemoryBytes: 79.18 * GIB,
    hbmBytesPerSecond: 3350 * GIGA,
    bf16FlopsPerSecond: 989 * TERA,
    fp8FlopsPerSecond: 1978 * TERA,
    nvlinkBytesPerSecond: 450 * GIGA,
    pcieBytesPerSecond: 64 * GIGA,
    kernelTables: "h100-sxm",
    provenance: card(
      "h100_sxm.yaml",
      "vLLM's own log of 79.18 GiB (llm-d/llm-d-benchmark@d773a122 config_explorer/empirical-vllm-memory-results.md)",
    ),
  },
  {
    name: "H200-SXM-141GB",
    kind: "gpu",
    nominalMemoryGb: 141,
    memoryBytes: 141 * GIB,
    visibleMemoryBytes: 139.8 * GIB,
    hbmBytesPerSecond: 4800 * GIGA,
    bf16FlopsPerSecond: 989 * TERA,
    fp8FlopsPerSecond: 1978 * TERA,
    nvlinkBytesPerSecond: 450 * GIGA,
    pcieBytesPerSecond: 64 * GIGA,
    provenance: card("h200_sxm.yaml", torchOom("139.80")),
  },
  {
    name: "B200-SXM-180GB",
    kind: "gpu",
    nominalMemoryGb: 180,
    memoryBytes: 180 * GIB,
    visibleMemoryBytes: 178.35 * GIB,
    hbmBytesPerSecond: 7700 * GIGA,
    bf16FlopsPerSecond: 2250 * TERA,
    fp8FlopsPerSecond: 4500 * TERA,
    nvlinkBytesPerSecond: 900 * GIGA,
    pcieBytesPerSecond: 128 * GIGA,
    provenance: card("b200_sxm.yaml", torchOom("178.35")),
  },
  {
    name: "B300-SXM-288GB",
    kind: "gpu",
    nominalMemoryGb: 288,
    memoryBytes: 288_400_343_040,
    // No public report read: the 0.992 of B200, H200 and A100 (visible over physical) is taken.
    visibleMemoryBytes: 0.99 * 288_400_343_040,
    hbmBytesPerSecond: 7750 * GIGA,
    bf16FlopsPerSecond: 2250 * TERA,
    fp8FlopsPerSecond: 4500 * TERA,
    nvlinkBytesPerSecond: 900 * GIGA,
    pcieBytesPerSecond: 128 * GIGA,
    provenance: card(
      "b300_sxm.yaml",
      "assumed 99 % of nvidia-smi's 275040 MiB, as on the other data-centre GPUs",
    ),
  },
  {
    name: "A100-SXM-80GB",
    kind: "gpu",
    nominalMemoryGb: 80,
    memoryBytes: 80 * GIB,
    visibleMemoryBytes: 79.14 * GIB,
    hbmBytesPerSecond: 2039 * GIGA,
    bf16FlopsPerSecond: 312 * TERA,
    nvlinkBytesPerSecond: 300 * GIGA,
    pcieBytesPerSecond: 32 * GIGA,
    provenance: card("a100_sxm.yaml", torchOom("79.14")),
  },
  {
    name: "A100-SXM-40GB",
    kind: "gpu",
    nominalMemoryGb: 40,
    memoryBytes: 40 * GIB,
    visibleMemoryBytes: 39.38 * GIB,
    // The 40 GB card has five HBM2 stacks at 2.43 Gbit/s: 1555 GB/s on NVIDIA's A100 data sheet.
    hbmBytesPerSecond: 1555 * GIGA,
    bf16FlopsPerSecond: 312 * TERA,
    nvlinkBytesPerSecond: 300 * GIGA,
    pcieBytesPerSecond: 32 * GIGA,
    provenance: card(
      "a100_sxm.yaml, memory and bandwidth from NVIDIA's A100 40GB data sheet",
      torchOom("39.38"),
    ),
  },
  {
    name: "L40S-48GB",
    kind: "gpu",
    nominalMemoryGb: 48,
    memoryBytes: 46_068 * 2 ** 20,
    visibleMemoryBytes: 44.39 * GIB,
    hbmBytesPerSecond: 864 * GIGA,
    bf16FlopsPerSecond: 362.05 * TERA,
    fp8FlopsPerSecond: 733 * TERA,
    pcieBytesPerSecond: 32 * GIGA,
    provenance: card("l40s.yaml", torchOom("44.39")),
  },
  {
    name: "L4-24GB",
    kind: "gpu",
    nominalMemoryGb: 24,
    memoryBytes: 24 * GIB,
    visibleMemoryBytes: 22.03 * GIB,
    hbmBytesPerSecond: 300 * GIGA,
    bf16FlopsPerSecond: 121 * TERA,
    fp8FlopsPerSecond: 242 * TERA,
    pcieBytesPerSecond: 32 * GIGA,
    provenance: card("l4.yaml", torchOom("22.03")),
  },
  {
    name: "A10G-24GB",
    kind: "gpu",
    nominalMemoryGb: 24,
    memoryBytes: 24 * GIB,
    visibleMemoryBytes: 22.03 * GIB,
    hbmBytesPerSecond: 600 * GIGA,
    bf16FlopsPerSecond: 70 * TERA,
    pcieBytesPerSecond: 32 * GIGA,
    provenance: {
      source: `NVIDIA A10G data sheet as quoted by baseten.co/blog/nvidia-a10-vs-a10g-for-ml-model-inference; visible memory: ${torchOom("22.03")}`,
      date: "2026-11-22",
    },
  },
  {
    name: "RTX-PRO-6000-96GB",
    kind: "gpu",
    nominalMemoryGb: 96,
    memoryBytes: 102_641_958_912,
    visibleMemoryBytes: 94.96 * GIB,
    hbmBytesPerSecond: 1792 * GIGA,
    bf16FlopsPerSecond: 467.8 * TERA,
    fp8FlopsPerSecond: 935.6 * TERA,
    pcieBytesPerSecond: 64 * GIGA,
    provenance: card("rtx_pro_6000_server.yaml", torchOom("94.96")),
  },
  {
    // One rank of a CPU host. A stated assumption, not a measurement: a quarter of a two-channel DDR4-3200 host
    // (51.2 GB/s) and 32 AVX2 BF16-emulated FLOPs per cycle on one core. It exists so that a host without an
    // accelerator gets a plan at all; nothing is ever promised from it.
    name: "cpu",
    kind: "cpu",
    nominalMemoryGb: 8,
    memoryBytes: 8 * GIB,
    visibleMemoryBytes: 8 * GIB,
    hbmBytesPerSecond: 12.8 * GIGA,
    bf16FlopsPerSecond: 0.1 * TERA,
    pcieBytesPerSecond: 4 * GIGA,
    provenance: {
      source:
        "assumption: 8 GiB, 12.8 GB/s and 0.1 TFLOP/s a rank of a small CPU host; for trying out, not for promises",
      date: "2026-11-22",
    },
  },
] as const satisfies readonly Gpu[];
