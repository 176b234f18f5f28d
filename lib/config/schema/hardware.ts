import { z } from "zod";
import { between, countUpTo } from "./values";

const rate = (description: string) => between(0.1, 1_000_000).meta({ unit: "TFLOP/s", description });

/** A GPU that the catalogue lacks, in the figures of its data sheet. */
const custom = z
  .strictObject({
    memoryGib: between(1, 4096).meta({
      unit: "GiB",
      description:
        "Memory that CUDA reports (PyTorch's total capacity), of which vLLM's utilization is a share.",
    }),
    memoryGbPerSecond: between(1, 1_000_000).meta({ unit: "GB/s", description: "Memory bandwidth." }),
    bf16Tflops: rate("Dense peak in BF16, without sparsity."),
    fp8Tflops: rate("Dense peak in FP8. Leave it out where the GPU has no FP8 units.").optional(),
    fp4Tflops: rate("Dense peak in FP4. Leave it out where the GPU has no FP4 units.").optional(),
    linkGbPerSecond: between(0.1, 100_000).optional().meta({
      unit: "GB/s",
      description:
        "Direct link (NVLink or alike) to the host's other GPUs, one direction. Leave it out for PCIe.",
    }),
    pcieGbPerSecond: between(0.1, 100_000)
      .default(32)
      .meta({ unit: "GB/s", description: "PCIe to the host, one direction." }),
    computeCapability: between(1, 99)
      .optional()
      .describe("NVIDIA's compute capability such as 8.9. It decides which quantised kernels run."),
  })
  .optional()
  .describe("A GPU that is not in the catalogue, by its figures, only with instanceType `custom`.");

export const hardware = z
  .strictObject({
    instanceType: z
      .string()
      .min(1)
      .default("p5.48xlarge")
      .describe(
        "EC2 instance type that `npx shardplan hardware` lists, or `custom` with gpusPerNode and gpu or custom.",
      ),
    nodes: countUpTo(256).default(1).meta({ unit: "hosts", description: "Number of hosts of that type." }),
    gpu: z.string().min(1).optional().describe("GPU of the catalogue, only with instanceType `custom`."),
    custom,
    gpusPerNode: countUpTo(256)
      .optional()
      .meta({ unit: "GPUs", description: "GPUs in each host, only with instanceType `custom`." }),
    network: z
      .enum(["efa", "tcp"])
      .default("tcp")
      .describe("How nodes reach each other when a replica spans nodes."),
  })
  .prefault({})
  .describe("The machines: which kind and how many.");
