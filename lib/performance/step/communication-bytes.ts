import type { Derivation } from "../derivation";
import { BF16_BYTES } from "../kernels/roofline";
import { distinctRanks } from "../shards/expert-ranks";
import type { LatencyModelInput } from "../types";
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
  "model" | "tensorParallel" | "pipelineParallel" | "expertParallel" | "gpusPerNode"
>;

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

/** Whole experts beyond the group replace the second all-reduce by an all-gather, half of it. */
const exchangesPerLayer = ({ expertParallel, tensorParallel }: CommunicationInput): number =>
  expertParallel > tensorParallel ? 1.5 : EXCHANGES_PER_LAYER;

/** The stage whose GPUs send most, with what each of them sends, in bytes. */
function busiestStage(input: CommunicationInput, tokens: number) {
  const { model, tensorParallel } = input;
  const bytes = tokens * model.hiddenSize * BF16_BYTES;
  const perExchange = ringBytes(bytes, tensorParallel);
  const dispatch = model.experts
    ? dispatchBytes(bytes, { ...input, active: model.experts.activePerToken })
    : 0;
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
        total: layers * (exchanges * perExchange + dispatch) + embedding + toNext,
      };
    })
    .reduce((a, b) => (b.total > a.total ? b : a));
}

/** How `sentPerGpu` is counted for `tokens` tokens. */
export function sentBytesDerivation(input: CommunicationInput, tokens: number): Derivation {
  const { model, tensorParallel, expertParallel } = input;
  const { layers, first, last } = busiestStage(input, 1);
  const isSpread = model.experts !== undefined && expertParallel > tensorParallel;
  const dispatch = isSpread
    ? " + 2 * layers / tensorParallel * expertParallel * (1 - (1 - 1 / expertParallel) ** activeExperts) * (expertParallel - 1) / expertParallel"
    : "";
  const toNext = last ? "" : ` + ${BOUNDARY_TENSORS} / tensorParallel`;
  const exchanges = `${exchangesPerLayer(input)} * layers${first ? " + 1" : ""}`;
  return {
    formula: `tokens * ${BF16_BYTES} * hiddenSize * (2 * (tensorParallel - 1) / tensorParallel * (${exchanges})${dispatch}${toNext})`,
    inputs: {
      tokens,
      hiddenSize: model.hiddenSize,
      layers,
      tensorParallel,
      ...(isSpread ? { expertParallel, activeExperts: model.experts?.activePerToken ?? 0 } : {}),
    },
  };
}

/** Bytes that each of `ranks` sends in a ring all-reduce of a message. */
export const ringBytes = (bytes: number, ranks: number): number => (2 * (ranks - 1) * bytes) / ranks;

function dispatchBytes(
  bytes: number,
  { tensorParallel, expertParallel, active }: CommunicationInput & { active: number },
): number {
  if (expertParallel <= tensorParallel) return 0;
  const copies = distinctRanks(expertParallel, active);
  return (2 * (bytes / tensorParallel) * copies * (expertParallel - 1)) / expertParallel;
}
