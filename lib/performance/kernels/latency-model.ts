import type { LatencyModel, LatencyModelInput, StepBreakdown, StepShape } from "../types";
import { allReduceCurve } from "./all-reduce";
import { attentionCurves } from "./attention";
import { type LatencyConstants, latencyConstants } from "./constants";
import { paddedTokens } from "./cuda-graph-padding";
import { gemmCurve } from "./gemm";
import type { Curve } from "./log-log";
import { partitionLayers } from "./partition-layers";
import { type GemmShape, shardOf } from "./shard";
import { attentionTable, collectiveTable, gemmTable } from "./tables";

const BF16_BYTES = 2;

export function createLatencyModel(
  input: LatencyModelInput,
  constants: LatencyConstants = latencyConstants,
): LatencyModel {
  const { model, gpu, precision, kvCacheDtype, tensorParallel, engine } = input;
  if (gpu.kernelTables === undefined) throw new Error(`no kernels yet for ${gpu.name}`);
  const tables = gpu.kernelTables;
  const shard = shardOf(input);
  const gemms = gemmTable(tables, precision);
  const skip = precision === "fp8" ? [8192] : [];
  const curves = [...shard.attentionGemms, ...shard.feedForwardGemms].map((s: GemmShape) =>
    gemmCurve(gemms, s, skip),
  );
  const logits = gemmCurve(gemmTable(tables, "bf16"), shard.logits);
  const attention = attentionCurves(
    attentionTable(tables, kvCacheDtype).shapes[
      `${shard.queryHeads}/${shard.keyValueHeads}/${shard.headDim}`
    ],
  );
  const reduce: Curve =
    tensorParallel > 1 ? allReduceCurve(collectiveTable(tables), tensorParallel, engine) : () => 0;
  const layers = partitionLayers(model.layers, input.pipelineParallel);
  const bytesPerToken = model.hiddenSize * BF16_BYTES;
  const elementwiseBytes = 8 * bytesPerToken + (3 * model.intermediateSize * BF16_BYTES) / tensorParallel;
  const bandwidth = gpu.hbmBytesPerSecond * constants.elementwiseBandwidthShare;

  const gemmMs = (tokens: number) => curves.reduce((sum, curve) => sum + curve(tokens), 0) / 1e3;
  const elementwiseMs = (tokens: number) =>
    3 * constants.elementwiseLaunchMs + (tokens * elementwiseBytes * 1e3) / bandwidth;
  const reduceMs = (tokens: number) => reduce(tokens * bytesPerToken) / 1e3;
  const attentionMs = (step: StepShape) => {
    const decode = step.decodeSequences
      ? attention.decodeUs(step.decodeSequences, step.decodeContextTokens / step.decodeSequences) / 1e3
      : 0;
    const prefill = step.prefillAttentionMs
      ? attention.workToTimeUs((step.prefillAttentionMs * 1e3) / model.layers) / 1e3
      : 0;
    return decode + prefill;
  };

  const breakdown = (step: StepShape, from: number, to: number): StepBreakdown => {
    const tokens = paddedTokens(step.tokens);
    const count = layers.slice(from, to).reduce((a, b) => a + b, 0);
    const lastStage = to === layers.length;
    const parts = {
      gemmMs: count * gemmMs(tokens),
      attentionMs: count * attentionMs(step),
      allReduceMs: (2 * count + (from === 0 ? 1 : 0)) * reduceMs(tokens),
      allToAllMs: 0,
      pipelineTransferMs: 0,
      elementwiseMs: count * elementwiseMs(tokens),
      logitsMs: lastStage && step.sampledSequences ? logits(step.sampledSequences) / 1e3 : 0,
      hostMs:
        constants.hostMsPerStep * (to - from) +
        (lastStage ? constants.hostMsPerSequence * step.sampledSequences : 0),
    };
    return { ...parts, totalMs: Object.values(parts).reduce((a, b) => a + b, 0) };
  };

  return {
    stages: layers.length,
    stageMs: (stage, step) => breakdown(step, stage, stage + 1).totalMs,
    prefillAttentionMs: (past, chunk) =>
      (model.layers * (attention.promptWorkUs(past + chunk) - (past ? attention.promptWorkUs(past) : 0))) /
      1e3,
    breakdown: (step) => breakdown(step, 0, layers.length),
    basis: { kind: "measured", figures: [] },
  };
}
