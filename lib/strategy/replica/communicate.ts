import { meanTokens } from "../../config";
import {
  type CommunicationBytes,
  type CommunicationInput,
  communicationBytes,
  type Derivation,
  type LatencyModel,
  type StepBreakdown,
} from "../../performance";
import type { Situation } from "../situation";
import type { Communication, Strategy, Throughput, TypicalSteps } from "../types";
import { shardingOf } from "./sharding";
import { weightFormats } from "./weight-formats";

/** What the bytes that a strategy moves are counted from. */
export function communicationInput(situation: Situation, strategy: Strategy): CommunicationInput {
  const { model, hardware } = situation;
  return {
    model,
    ...shardingOf(situation, strategy),
    ...weightFormats(situation),
    gpusPerNode: hardware.instance.gpus,
  };
}

/** Bytes of `tokens` tokens of a step: payload and what the busiest GPU sends. */
const bytesOf = (
  situation: Situation,
  strategy: Strategy,
  tokens: number,
  decodes = false,
): CommunicationBytes => communicationBytes({ ...communicationInput(situation, strategy), decodes }, tokens);

/** Prompt tokens that a request computes on the average: those that are not in the prefix cache. */
export function computedPromptTokens({ deployment }: Situation): number {
  const { promptTokens, cachedPrefixTokens } = deployment.workload;
  return Math.max(1, meanTokens(promptTokens) - cachedPrefixTokens);
}

/** How the tokens that one replica computes a second, prompt and output, are counted. */
export function tokensPerSecondOf(
  situation: Situation,
  { dataParallel }: Strategy,
  { requestRate, outputTokensPerSecond }: Throughput,
): Derivation {
  return {
    formula: "(requestRate * computedPromptTokens + outputTokensPerSecond) / dataParallel",
    inputs: {
      requestRate,
      computedPromptTokens: computedPromptTokens(situation),
      outputTokensPerSecond,
      dataParallel,
    },
  };
}

const communicationMs = (step: StepBreakdown) => step.allReduceMs + step.allToAllMs + step.pipelineTransferMs;

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
    bytesPerDecodeStepPerGpu: bytesOf(situation, strategy, decodeSequences, true).sentPerGpu,
    decodeStepShare: communicationMs(decode) / decode.totalMs,
    prefillShare: communicationMs(prefill) / prefill.totalMs,
    nvlinkUtilization:
      nvlink === undefined ? 0 : bytesOf(situation, strategy, load.tokensPerSecond).sentPerGpu / nvlink,
  };
}
