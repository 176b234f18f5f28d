import { z } from "zod";
import { positiveInt } from "./values";

export const hardware = z
  .strictObject({
    instanceType: z
      .string()
      .min(1)
      .default("p5.48xlarge")
      .describe("EC2 instance type that `shardplan hardware` lists, or `custom` with gpu and gpusPerNode."),
    nodes: positiveInt.default(1).meta({ unit: "hosts", description: "Number of hosts of that type." }),
    gpu: z.string().min(1).optional().describe("GPU of the catalogue, only with instanceType `custom`."),
    gpusPerNode: positiveInt
      .optional()
      .meta({ unit: "GPUs", description: "GPUs in each host, only with instanceType `custom`." }),
    network: z
      .enum(["efa", "tcp"])
      .default("tcp")
      .describe("How nodes reach each other when a replica spans nodes."),
  })
  .prefault({})
  .describe("The machines: which kind and how many.");
