import type { Derivation } from "../derivation";
import { BF16_BYTES } from "../kernels/roofline";
import { gatheringRanks, sharingReplicas } from "../shards/expert-ranks";
import type { LatencyModelInput } from "../types";
import { contextBytesPerToken } from "./context-parallel";
import { gatheredBytesPerToken } from "./gathered-bytes";
import { stagesOf } from "./pipeline-stages";

/** Collectives that bring a layer's partial sums together: after attention and after the feed-forward. */
const EXCHANGES_PER_LAYER = 2;
/** Hidden states and residual cross a stage boundary. */
const BOUNDARY_TENSORS = 2;

/** What a step moves between GPUs, in bytes. */
export interface CommunicationBytes {
  /** Payload of one layer's tensor-parallel exchanges for one token; 0 at TP 1. Llama-70B: 2 x 16384. */
  readonly payloadPerTokenPerLayer: number;
  /** Bytes that the busiest GPU sends in the step: exchanges, expert dispatch and the hand-over to the next stage. */
  readonly sentPerGpu: number;
  /** Of these, what goes to the next pipeline stage. */
  readonly sentToNextStage: number;
}

/** What a communication count depends on. */
export type CommunicationInput = Pick<
  LatencyModelInput,
  | "model"
  | "precision"
  | "formats"
  | "tensorParallel"
  | "pipelineParallel"
  | "expertParallel"
  | "expertReplicas"
  | "gpusPerNode"
  | "decodeContextParallel"
> & {
  /** All tokens decode: ranks that share the cache exchange queries and results for them. */
  readonly decodes?: boolean;
};

/**
 * Counts the bytes of a step of `tokens` tokens. A ring all-reduce of b bytes makes each of n ranks send 2 (n-1)/n b;
 * a reduce-scatter followed by an all-gather (sequence parallelism) sends the same. Activations are BF16.
 */
export function communicationBytes(input: CommunicationInput, tokens: number): CommunicationBytes {
  const { model, tensorParallel } = input;
  const busiest = busiestStage(input, tokens);
  return {
    payloadPerTokenPerLayer: tensorParallel > 1 ? EXCHANGES_PER_LAYER * model.hiddenSize * BF16_BYTES : 0,
    sentPerGpu: busiest.total,
    sentToNextStage: busiest.toNext,
  };
}

/** Whole experts of several replicas replace the second all-reduce by an all-gather, half of it. */
const exchangesPerLayer = (input: CommunicationInput): number =>
  sharingReplicas(input) > 1 && input.expertParallel > 1 ? 1.5 : EXCHANGES_PER_LAYER;

/** The stage whose GPUs send most, with what each of them sends, in bytes. */
function busiestStage(input: CommunicationInput, tokens: number) {
  const { model, tensorParallel } = input;
  const bytes = tokens * model.hiddenSize * BF16_BYTES;
  const perExchange = ringBytes(bytes, tensorParallel);
  const gathered = gatheredBytes(input, tokens);
  const exchanges = exchangesPerLayer(input);
  return stagesOf(input)
    .map(({ layers, first, last }) => {
      const toNext = last ? 0 : BOUNDARY_TENSORS * (bytes / tensorParallel);
      const embedding = first ? perExchange : 0;
      return {
        layers,
        first,
        last,
        toNext,
        total:
          layers * (exchanges * perExchange + gathered + contextBytes(input, tokens)) + embedding + toNext,
      };
    })
    .reduce((a, b) => (b.total > a.total ? b : a));
}

/** Bytes that each rank of a context group sends in a layer for decoding tokens; 0 where every rank holds all tokens. */
function contextBytes(input: CommunicationInput, tokens: number): number {
  const { decodeContextParallel: ranks = 1, decodes = false } = input;
  if (ranks === 1 || !decodes) return 0;
  const { gathered, scattered } = contextBytesPerToken(input);
  return ((ranks - 1) / ranks) * tokens * (gathered + scattered);
}

/** How `contextBytes` is counted for a token of a layer. */
function contextDerivation(input: CommunicationInput): Derivation | undefined {
  const { decodeContextParallel = 1, decodes = false } = input;
  if (decodeContextParallel === 1 || !decodes) return undefined;
  const { gathered, scattered } = contextBytesPerToken(input);
  return {
    formula:
      "layers * (decodeContextParallel - 1) / decodeContextParallel * (contextGatheredBytesPerToken + contextScatteredBytesPerToken)",
    inputs: {
      decodeContextParallel,
      contextGatheredBytesPerToken: gathered,
      contextScatteredBytesPerToken: scattered,
    },
  };
}

/** How `sentPerGpu` is counted for `tokens` tokens. */
export function sentBytesDerivation(input: CommunicationInput, tokens: number): Derivation {
  const { model, tensorParallel } = input;
  const { layers, first, last } = busiestStage(input, 1);
  const { experts } = model;
  const { ranks } = gatheringRanks(input);
  const isShared = experts !== undefined && ranks > 1;
  const toNext = last ? "" : ` + ${BOUNDARY_TENSORS} / tensorParallel`;
  const exchanges = `${exchangesPerLayer(input)} * layers${first ? " + 1" : ""}`;
  const exchanged = `${BF16_BYTES} * hiddenSize * (2 * (tensorParallel - 1) / tensorParallel * (${exchanges})${toNext})`;
  const gathered = `layers * expertReplicas * (gatheringRanks - 1) / gatheringRanks * (gatheredBytesPerToken + ${BF16_BYTES} * hiddenSize)`;
  const context = contextDerivation(input);
  const terms = [exchanged, ...(isShared ? [gathered] : []), ...(context ? [context.formula] : [])];
  return {
    formula: `tokens * ${terms.length > 1 ? `(${terms.join(" + ")})` : exchanged}`,
    inputs: {
      tokens,
      hiddenSize: model.hiddenSize,
      layers,
      tensorParallel,
      ...context?.inputs,
      ...(isShared
        ? {
            expertReplicas: sharingReplicas(input),
            gatheringRanks: ranks,
            gatheredBytesPerToken: gatheredBytesPerToken({ ...input, experts }),
          }
        : {}),
    },
  };
}

/** Bytes that each of `ranks` sends in a ring all-reduce of a message. */
export const ringBytes = (bytes: number, ranks: number): number => (2 * (ranks - 1) * bytes) / ranks;

/** Bytes that each rank sends in a layer to bring the tokens of all replicas to their experts, and the sums back. */
function gatheredBytes(input: CommunicationInput, tokens: number): number {
  const { model } = input;
  if (!model.experts) return 0;
  const { ranks } = gatheringRanks(input);
  const perToken =
    gatheredBytesPerToken({ ...input, experts: model.experts }) + model.hiddenSize * BF16_BYTES;
  return ((ranks - 1) / ranks) * sharingReplicas(input) * tokens * perToken;
}
