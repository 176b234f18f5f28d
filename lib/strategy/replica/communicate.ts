import {
  type CommunicationBytes,
  communicationBytes,
  type LatencyModel,
  type StepBreakdown,
} from "../../performance";
import type { Situation } from "../situation";
import type { Communication, Strategy } from "../types";

/** Bytes of `tokens` tokens of a step: payload and what the busiest GPU sends. */
function bytesOf({ model, hardware }: Situation, strategy: Strategy, tokens: number): CommunicationBytes {
  const { tensorParallel, pipelineParallel, expertParallel } = strategy;
  const gpusPerNode = hardware.instance.gpus;
  return communicationBytes({ model, tensorParallel, pipelineParallel, expertParallel, gpusPerNode }, tokens);
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
  const nvlink = situation.hardware.gpu.nvlinkBytesPerSecond;
  const { decode, prefill, decodeSequences } = load.steps;
  return {
    allReduceBytesPerTokenPerLayer: bytesOf(situation, strategy, 1).payloadPerTokenPerLayer,
    bytesPerDecodeStepPerGpu: bytesOf(situation, strategy, decodeSequences).sentPerGpu,
    decodeStepShare: communicationMs(decode) / decode.totalMs,
    prefillShare: communicationMs(prefill) / prefill.totalMs,
    nvlinkUtilization:
      nvlink === undefined ? 0 : bytesOf(situation, strategy, load.tokensPerSecond).sentPerGpu / nvlink,
  };
}
