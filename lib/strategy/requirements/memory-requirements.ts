import { weightBytes } from "../../catalog";
import { loadedPrecision } from "../../config";
import { memoryConstants, type ReplicaMemory } from "../../performance";
import { countText, gbText, gibText, percentText } from "../figures/quantity-text";
import { fullestGpu, relativeSpread } from "../replica/fit-memory";
import type { Situation } from "../situation";
import type { ServingParameters, Strategy } from "../types";
import type { Requirement } from "./requirement";

/** In whose favour the ranks of one replica divide the weights. */
function share(strategy: Strategy): string {
  const ranks = strategy.tensorParallel * strategy.pipelineParallel;
  return ranks === 1 ? "" : `: 1/${ranks} of the model`;
}

/** Weights, activations and overheads within what vLLM may take. */
export function weightsFit(situation: Situation, strategy: Strategy, fit: ReplicaMemory): Requirement {
  const { hardware, deployment, model } = situation;
  const { gpu } = hardware;
  const { weightsBytes, usableBytes, kvCacheBytes } = fullestGpu(fit);
  const needed = usableBytes - kvCacheBytes;
  const beyond = weightsBytes > gpu.memoryBytes;
  const loaded = loadedPrecision(deployment.model);
  const total = gbText(weightBytes(model, loaded));
  const what = deployment.serving.lora.maxLoras > 0 ? "weights and adapters" : "weights";
  // A checkpoint that is quantised is not quantised again.
  const smaller = loaded === "bf16" && !model.checkpoint ? ", or set model.precision to fp8" : "";
  return {
    id: "weights-fit",
    requirement: `weights, activations and overheads fit in the ${gbText(usableBytes)} that vLLM may use of one ${gpu.name}`,
    value: needed / 1e9,
    limit: usableBytes / 1e9,
    unit: "GB",
    bound: "most",
    valueText: beyond
      ? `${gbText(weightsBytes)} of ${what} do not fit in ${gpu.nominalMemoryGb} GB${share(strategy)}`
      : `${gbText(weightsBytes)} of ${what}${share(strategy)}, with ${gbText(needed - weightsBytes)} of activations and overheads: ${gbText(needed)}`,
    broken: () =>
      tooMuchText({ weightsBytes, needed, usableBytes, what, part: share(strategy), gpu: gpu.name }),
    configKey: "strategy.tensorParallel",
    change: `raise strategy.tensorParallel (or strategy.pipelineParallel) so that more GPUs share the ${total} of weights${smaller}`,
  };
}

interface TooMuch {
  readonly weightsBytes: number;
  readonly needed: number;
  readonly usableBytes: number;
  readonly what: string;
  readonly part: string;
  readonly gpu: string;
}

/** Weights that are too large by themselves need no word about what else there is. */
function tooMuchText({ weightsBytes, needed, usableBytes, what, part, gpu }: TooMuch): string {
  const alone = weightsBytes > usableBytes;
  const others = alone
    ? ""
    : ` and ${gibText(needed - weightsBytes)} of activations and overheads, ${gibText(needed)} together`;
  const weights = `${gibText(weightsBytes)} of ${what}${part === "" ? "" : ` (${part.slice(2)})`}`;
  return `Each GPU would have to hold ${weights}${others}, but vLLM may use only ${gibText(usableBytes)} of one ${gpu}.`;
}

/** What CUDA's context and NCCL hold before vLLM looks at the free memory, bytes. */
const BYTES_BEFORE_START = memoryConstants.nonTorchBytesInGroup;

/**
 * vLLM refuses to start when less memory is free than it is to take (v1/worker/utils.py, request_memory). A rule of real GPUs that speaks up only where it does not hold.
 */
export function memoryIsFree({ deployment, hardware }: Situation): Requirement[] {
  const { gpu } = hardware;
  const asked = deployment.serving.gpuMemoryUtilization;
  const free = 1 - BYTES_BEFORE_START / gpu.visibleMemoryBytes;
  if (gpu.kind === "cpu" || asked <= free) return [];
  const most = Math.floor(free * 1000) / 1000;
  return [
    {
      id: "memory-free",
      requirement: `vLLM takes at most the ${percentText(most)} of a ${gpu.name} that are free when it starts`,
      value: asked,
      limit: most,
      unit: "share",
      bound: "most",
      valueText: `${percentText(asked)} asked; a CUDA context and NCCL take ${gbText(BYTES_BEFORE_START)} first`,
      broken: () =>
        `vLLM is to take ${percentText(asked)} of one ${gpu.name}, but only ${percentText(most)} are free when it starts, because a CUDA context and NCCL take ${gibText(BYTES_BEFORE_START)} before it.`,
      configKey: "serving.gpuMemoryUtilization",
      change: `set serving.gpuMemoryUtilization to at most ${most}, less where other processes use the GPU`,
    },
  ];
}

/** vLLM starts only when one sequence of the longest length fits into the KV cache. */
export function oneSequenceFits({ deployment }: Situation, fit: ReplicaMemory): Requirement {
  const { tokens } = fit.longest;
  const needed = deployment.envelope.maxModelLen;
  return {
    id: "one-sequence-fits",
    requirement: `the KV cache of a replica holds one sequence of ${countText(needed)} tokens`,
    value: tokens,
    limit: needed,
    unit: "tokens",
    bound: "least",
    valueText: `${gbText(fullestGpu(fit).weightsBytes)} of weights per GPU leave room for ${countText(tokens)} tokens`,
    broken: () =>
      `The KV cache of a replica holds no sequence of ${countText(needed)} tokens, because ${gibText(fullestGpu(fit).weightsBytes)} of weights on each GPU leave room for ${countText(tokens)} tokens.`,
    configKey: "envelope.maxModelLen",
    change:
      "lower envelope.maxModelLen, or raise serving.gpuMemoryUtilization, strategy.tensorParallel or strategy.pipelineParallel",
  };
}

/** The document's view: what the workload demands, as a share of the GPU's memory. */
export function memoryFraction(
  { deployment }: Situation,
  demand: { fraction: number; bytes: number },
): Requirement {
  const limit = deployment.envelope.maxMemoryFraction;
  return {
    id: "memory-fraction",
    requirement: `weights, activations and the workload's KV cache need at most ${percentText(limit)} of a GPU's memory`,
    value: demand.fraction,
    limit,
    unit: "share",
    bound: "most",
    valueText: `${percentText(demand.fraction)} (${gbText(demand.bytes)})`,
    broken: () =>
      `The workload needs ${percentText(demand.fraction)} of a GPU's memory (${gbText(demand.bytes)}), and at most ${percentText(limit)} is allowed.`,
    configKey: "envelope.maxMemoryFraction",
    change: "raise envelope.maxMemoryFraction, or use more GPUs per replica (strategy.tensorParallel)",
  };
}

/** Spread of the demand between GPUs. */
export function memoryBalance({ deployment }: Situation, demands: readonly number[]): Requirement {
  const limit = deployment.envelope.memoryEpsilon;
  const epsilon = relativeSpread(demands);
  const range = `from ${gbText(Math.min(...demands))} to ${gbText(Math.max(...demands))}`;
  return {
    id: "memory-epsilon",
    requirement: `memory demand differs by at most ${percentText(limit)} between GPUs`,
    value: epsilon,
    limit,
    unit: "share",
    bound: "most",
    valueText: `${percentText(epsilon)}, ${range}`,
    broken: () =>
      `The GPUs do not need the same memory. Their demand goes ${range}, which is ${percentText(epsilon)} apart, and at most ${percentText(limit)} is allowed.`,
    configKey: "envelope.memoryEpsilon",
    change:
      "raise envelope.memoryEpsilon, or lower strategy.pipelineParallel, because the first and the last stage also hold embedding and logits",
  };
}

/** vLLM refuses to start when a step cannot hold a token of each sequence; drafts beyond the step would wait for the next. */
export function batchHoldsSequences({ draft }: Situation, serving: ServingParameters): Requirement {
  const perSequence = 1 + (draft?.draftTokens ?? 0);
  return {
    id: "batch-holds-sequences",
    requirement: draft
      ? `a step holds the ${perSequence} tokens of each running sequence, its drafts included`
      : "a step holds at least one token of each running sequence",
    value: serving.maxNumBatchedTokens,
    limit: serving.maxNumSeqs * perSequence,
    unit: "tokens",
    bound: "least",
    valueText: `${countText(serving.maxNumBatchedTokens)} tokens for ${countText(serving.maxNumSeqs)} sequences`,
    configKey: "serving.maxNumBatchedTokens",
    change: "raise serving.maxNumBatchedTokens or lower serving.maxNumSeqs",
  };
}
