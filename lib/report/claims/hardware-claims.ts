import { bytes, bytesPerSecond, count, gibibytes } from "../format-number";
import type { Claim } from "./claim";

/** Links and memory of the node. */
export const hardwareClaims: readonly Claim[] = [
  {
    figure: "NVLink bandwidth",
    claimed: "900 Gbps",
    computed: ({ gpu }) =>
      gpu.nvlinkBytesPerSecond === undefined
        ? "no NVLink"
        : `${bytesPerSecond(gpu.nvlinkBytesPerSecond)} per direction = ${count((2 * gpu.nvlinkBytesPerSecond * 8) / 1e9)} Gbit/s both ways`,
    published:
      "900 GB/s both ways (NVIDIA H100 data sheet); 370 GB/s per direction reached (NVIDIA/nccl-tests issue 212)",
    verdict: () => "wrong unit",
    reason: () => "Bytes, not bits: eight times more. Likewise PCIe: 64 GB/s, not 64 Gbit/s.",
  },
  {
    figure: "Bandwidth within the node",
    claimed: "400 Gbps",
    computed: ({ gpu, instance }) =>
      `NVLink ${count(((gpu.nvlinkBytesPerSecond ?? 0) * 8) / 1e9)} Gbit/s per direction; ${count(instance.networkGbps)} Gbit/s leave the node`,
    published:
      "3,200 Gbit/s of network for p5.48xlarge, 400 Gbit/s for p4d.24xlarge (aws/karpenter-provider-aws instance types)",
    verdict: ({ gpu, instance }) => {
      const nvlinkGbps = ((gpu.nvlinkBytesPerSecond ?? 0) * 8) / 1e9;
      return nvlinkGbps > 400 && instance.networkGbps !== 400 ? "neither link of this node" : "of one link";
    },
    reason: () =>
      "Within a node GPUs talk over NVLink, and one replica on one node sends nothing over the network. 400 Gbit/s is the network of the generation before, or one adapter of this one.",
  },
  {
    figure: "GPU memory of the node",
    claimed: "640 GB",
    computed: ({ gpu, instance }) =>
      `${instance.gpus} x ${gibibytes(gpu.memoryBytes)} = ${gibibytes(instance.gpus * gpu.memoryBytes)}, of which CUDA shows ${bytes(instance.gpus * gpu.visibleMemoryBytes)}`,
    published: "79.18 GiB are visible of an 80 GB H100 (vLLM's own log, llm-d/llm-d-benchmark)",
    verdict: ({ gpu, instance }) =>
      Math.abs((instance.gpus * gpu.memoryBytes) / 2 ** 30 / 640 - 1) < 0.01
        ? "GiB, not GB"
        : "does not match",
    reason: () =>
      "The maker's GB of memory are GiB. In decimal GB, in which the document counts its 17.5 GB of weights, there are 7 % more; hence its 36.9 % are of too small a whole.",
  },
];
