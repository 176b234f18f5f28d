import type { LatencyModel, StepBreakdown } from "../performance";
import type { Situation } from "./situation";
import type { Communication, Strategy } from "./types";

/** Activations travel in BF16 whatever the precision of the weights. */
const ACTIVATION_BYTES = 2;

/** Bytes of one token's hidden state. */
const tokenBytes = ({ model }: Situation) => model.hiddenSize * ACTIVATION_BYTES;

/**
 * Bytes that one GPU sends for one token of a step: a ring all-reduce (or the reduce-scatter and all-gather of SP,
 * which move the same) sends 2 (n - 1) / n of its payload, twice a layer and once for the embedding; a stage boundary
 * sends the hidden state, split over the tensor ranks.
 */
export function bytesSentPerToken(situation: Situation, strategy: Strategy): number {
  const { tensorParallel: n, pipelineParallel: stages } = strategy;
  const layers = situation.model.layers / stages;
  const ring = n > 1 ? ((2 * (n - 1)) / n) * (2 * layers + 1 / stages) * tokenBytes(situation) : 0;
  const boundary = stages > 1 ? (((stages - 1) / stages) * tokenBytes(situation)) / n : 0;
  return ring + boundary;
}

const communicationMs = (step: StepBreakdown) => step.allReduceMs + step.allToAllMs + step.pipelineTransferMs;

/** Steps whose split into computing and communicating is reported. */
export interface TypicalSteps {
  readonly decode: StepBreakdown;
  readonly prefill: StepBreakdown;
  /** Sequences of the decode step. */
  readonly decodeSequences: number;
}

/** A decode step at the mean batch and context of the simulation, and a prefill step that fills the token budget. */
export function typicalSteps(
  latency: LatencyModel,
  batch: { readonly sequences: number; readonly contextTokens: number },
  prefillTokens: number,
): TypicalSteps {
  const sequences = Math.max(1, Math.round(batch.sequences));
  return {
    decode: latency.breakdown({
      tokens: sequences,
      decodeSequences: sequences,
      decodeContextTokens: sequences * batch.contextTokens,
      prefillAttentionMs: 0,
      sampledSequences: sequences,
    }),
    prefill: latency.breakdown({
      tokens: prefillTokens,
      decodeSequences: 0,
      decodeContextTokens: 0,
      prefillAttentionMs: latency.prefillAttentionMs(0, prefillTokens),
      sampledSequences: 1,
    }),
    decodeSequences: sequences,
  };
}

/** Communication of a strategy in bytes and in shares of time. `tokensPerSecond` are prompt and output tokens of one replica. */
export function communicate(
  situation: Situation,
  strategy: Strategy,
  load: { readonly steps: TypicalSteps; readonly tokensPerSecond: number },
): Communication {
  const sent = bytesSentPerToken(situation, strategy);
  const nvlink = situation.hardware.gpu.nvlinkBytesPerSecond;
  const { decode, prefill, decodeSequences } = load.steps;
  return {
    allReduceBytesPerTokenPerLayer: strategy.tensorParallel > 1 ? 2 * tokenBytes(situation) : 0,
    bytesPerDecodeStepPerGpu: sent * decodeSequences,
    decodeStepShare: communicationMs(decode) / decode.totalMs,
    prefillShare: communicationMs(prefill) / prefill.totalMs,
    nvlinkUtilization: nvlink === undefined ? 0 : (sent * load.tokensPerSecond) / nvlink,
  };
}
