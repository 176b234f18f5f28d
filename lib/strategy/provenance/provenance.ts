import { countParameters } from "../../catalog";
import { captureSizes, firstVersionWith } from "../../performance";
import { countText, gbText } from "../figures/quantity-text";
import type { Situation } from "../situation";
import type { Plan, Provenance } from "../types";
import { loadProvenance } from "./provenance-of-load";

type Unprovenanced = Omit<Plan, "provenance">;

/** Kernels, attention, collectives and their source, in one line. */
const VLLM_MEMORY =
  "vLLM v1/worker/gpu_worker.py determine_available_memory; constants fitted on logs that llm-d/llm-d-benchmark@d773a122 config_explorer/empirical-vllm-memory-results.md and others published (bench/data/vllm-memory.csv, docs/numbers.md)";

function degrees({ strategy }: Unprovenanced): Record<string, string> {
  return {
    tensorParallel: String(strategy.tensorParallel),
    pipelineParallel: String(strategy.pipelineParallel),
    dataParallel: String(strategy.dataParallel),
  };
}

function weights({ deployment, model }: Situation, plan: Unprovenanced): Provenance {
  return {
    figure: "memoryPerGpu.weightsBytes",
    kind: "derived",
    formula:
      "layers of the stage x ((attention + MLP parameters) / tensorParallel x bytes + norms x 2) + vocabulary x hidden size x 2 / tensorParallel for embedding and for logits; surplus key-value heads are copied",
    inputs: {
      parameters: countText(countParameters(model).total),
      layers: String(model.layers),
      precision: deployment.model.precision,
      ...degrees(plan),
    },
    source: model.provenance.source,
  };
}

function memory(situation: Situation, plan: Unprovenanced): Provenance[] {
  const { serving, memoryPerGpu } = plan;
  const { model, hardware, deployment } = situation;
  const derived = (figure: string, formula: string, inputs: Record<string, string>): Provenance => ({
    figure: `memoryPerGpu.${figure}`,
    kind: "derived",
    formula,
    inputs,
    source: VLLM_MEMORY,
  });
  const gpuSource = { kind: "published" as const, source: hardware.gpu.provenance.source };
  const kv = {
    keyValueHeads: String(model.keyValueHeads),
    headDim: String(model.headDim),
    layers: String(model.layers),
  };
  return [
    weights(situation, plan),
    {
      ...derived("totalBytes", "memory that CUDA reports", { gpu: hardware.gpu.name }),
      ...gpuSource,
    },
    derived("usableBytes", "totalBytes x gpuMemoryUtilization", {
      totalBytes: gbText(memoryPerGpu.totalBytes),
      gpuMemoryUtilization: String(serving.gpuMemoryUtilization),
    }),
    derived(
      "activationBytes",
      "max(max_num_batched_tokens x 2 x (4 x hidden size + 6 x MLP width / tensorParallel), max_num_seqs x vocabulary x 40)",
      {
        maxNumBatchedTokens: String(serving.maxNumBatchedTokens),
        maxNumSeqs: String(serving.maxNumSeqs),
        hiddenSize: String(model.hiddenSize),
        intermediateSize: String(model.intermediateSize),
        vocabularySize: String(model.vocabularySize),
      },
    ),
    derived(
      "nonTorchBytes",
      "CUDA context, NCCL and custom all-reduce buffers: 0.14 GiB alone, 0.55 GiB in a group",
      degrees(plan),
    ),
    derived(
      "cudaGraphBytes",
      `captured sizes x 10 MiB + activations of the largest of them, counted inside the budget since ${firstVersionWith("graphsInsideBudget")}`,
      {
        capturedSizes: String(captureSizes(serving.cudaGraphs).length),
        largestTokens: String(serving.cudaGraphs.largestTokens),
        vllmVersion: deployment.serving.vllmVersion,
      },
    ),
    derived("kvCacheBytes", "usableBytes - weightsBytes - activationBytes - nonTorchBytes - cudaGraphBytes", {
      usableBytes: gbText(memoryPerGpu.usableBytes),
      weightsBytes: gbText(memoryPerGpu.weightsBytes),
    }),
    derived(
      "kvCacheTokens",
      "whole blocks of 16 tokens in kvCacheBytes of the tightest stage; a token takes 2 x layers x heads x head size x bytes",
      {
        ...kv,
        kvCacheDtype: deployment.model.kvCacheDtype,
        ...degrees(plan),
      },
    ),
    derived("kvCacheTokensLow", "kvCacheTokens with overheads 1.5 times as large", kv),
    derived("kvCacheTokensHigh", "kvCacheTokens with overheads 0.6 times as large", kv),
    derived("demandBytes", "weights + activations + overheads + KV cache at the simulated peak", {
      peakKvUsage: String(plan.simulation?.maxKvUsage ?? "not simulated"),
    }),
    derived("demandFraction", "demandBytes / totalBytes", {
      demandBytes: gbText(memoryPerGpu.demandBytes),
      totalBytes: gbText(memoryPerGpu.totalBytes),
    }),
  ];
}

/** Where each figure of the plan comes from, so that any can be followed to a formula and a source. */
export function provenanceOf(situation: Situation, plan: Unprovenanced): Provenance[] {
  return [...memory(situation, plan), ...loadProvenance(situation, plan)];
}
