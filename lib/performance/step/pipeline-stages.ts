import { type Collectives, networkSendUs } from "../kernels/collectives";
import type { LatencyConstants } from "../kernels/constants";
import { elementwiseCurve } from "../kernels/elementwise";
import type { KernelSet } from "../kernels/kernel-set";
import type { Curve } from "../kernels/log-log";
import { BF16_BYTES } from "../kernels/roofline";
import { partitionLayers } from "../shards/partition-layers";
import type { LatencyModelInput } from "../types";

/** One pipeline stage. */
export interface Stage {
  readonly layers: number;
  /** Holds the embedding. */
  readonly first: boolean;
  /** Holds the final norm and the logits. */
  readonly last: boolean;
  /** Hands its output to a GPU of another node. */
  readonly leavesNode: boolean;
}

/** Stages of a replica. Ranks fill nodes in order, stage by stage. */
export function stagesOf(
  input: Pick<LatencyModelInput, "model" | "pipelineParallel" | "tensorParallel" | "gpusPerNode">,
): Stage[] {
  const { model, pipelineParallel, tensorParallel, gpusPerNode } = input;
  return partitionLayers(model.layers, pipelineParallel).map((layers, stage) => {
    const last = stage === pipelineParallel - 1;
    const endsNode = tensorParallel > gpusPerNode || ((stage + 1) * tensorParallel) % gpusPerNode === 0;
    return { layers, first: stage === 0, last, leavesNode: !last && endsNode };
  });
}

/** What a stage costs besides its layers, by tokens, in ms. */
export interface EndCosts {
  readonly allReduceMs: Curve;
  readonly elementwiseMs: Curve;
  readonly transferMs: Curve;
}

/** Embedding (cut over the vocabulary, hence summed up), final norm, and the transfer to the next stage. */
export function endCosts(
  stage: Stage,
  input: LatencyModelInput,
  { kernels, group, constants }: { kernels: KernelSet; group: Collectives; constants: LatencyConstants },
): EndCosts {
  const bytesPerToken = input.model.hiddenSize * BF16_BYTES;
  // The embedding reads a row and writes it; the last norm reads two activations and writes two.
  const passes = (stage.first ? 2 : 0) + (stage.last ? 4 : 0);
  const launches = (stage.first ? 1 : 0) + (stage.last ? 1 : 0);
  return {
    allReduceMs: stage.first ? (tokens) => group.allReduceUs(tokens * bytesPerToken) / 1e3 : () => 0,
    elementwiseMs: elementwiseCurve(
      { launches, bytesPerToken: passes * bytesPerToken },
      { gpu: input.gpu, constants },
    ),
    transferMs: stage.last ? () => 0 : transferMs(stage, input, { kernels, group }),
  };
}

/** Hidden states and residual travel as two tensors. */
const TENSORS = 2;

/**
 * Handing a step on as vLLM does (send_tensor_dict in vllm/distributed/parallel_state.py): each rank sends its share of
 * each tensor, the receivers gather the whole.
 */
function transferMs(
  stage: Stage,
  input: LatencyModelInput,
  { kernels, group }: { kernels: KernelSet; group: Collectives },
): Curve {
  const send = stage.leavesNode ? networkSendUs(input.network) : kernels.collectives.sendUs;
  const bytesPerToken = input.model.hiddenSize * BF16_BYTES;
  return (tokens) => {
    const bytes = tokens * bytesPerToken;
    return (TENSORS * (send(bytes / input.tensorParallel) + group.allGatherUs(bytes))) / 1e3;
  };
}
