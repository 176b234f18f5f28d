import { z } from "zod";
import { autoOrCount, MOST } from "./values";

const degree = (description: string) =>
  autoOrCount(MOST.gpus).default("auto").meta({ unit: "GPUs", description });

export const strategy = z
  .strictObject({
    tensorParallel: degree("TP degree: GPUs that share each layer. `auto` lets the planner choose."),
    pipelineParallel: degree("PP degree: stages of consecutive layers. `auto` lets the planner choose.").meta(
      {
        unit: "stages",
      },
    ),
    dataParallel: degree(
      "DP degree: replicas behind one endpoint. Each is a server of its own, except that replicas of a mixture of experts share the experts and step together where these are spread (EP above 1) or serving.oneEngine is on. `auto` lets the planner choose.",
    ).meta({ unit: "replicas" }),
    expertParallel: degree(
      "EP degree: GPUs over which the experts of an MoE model are spread; 1 for dense models.",
    ),
    sequenceParallel: degree(
      "SP degree: 1 (off) or the TP degree (norms sharded by token, reduce-scatter and all-gather instead of all-reduce).",
    ),
    objective: z
      .enum(["goodput", "latency", "throughput", "cost"])
      .default("goodput")
      .describe(
        "What the planner optimises among the strategies that meet every requirement. `goodput` takes the highest rate per dollar, which on given machines is the most headroom, `latency` the shortest mean request, `throughput` the highest rate, and `cost` the cheapest token.",
      ),
  })
  .prefault({})
  .describe("The parallelisms: chosen by the planner, or pinned and then asserted.");
