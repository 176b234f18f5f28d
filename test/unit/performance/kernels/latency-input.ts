import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findGpu, findModel } from "../../../../lib/catalog";
import type { LatencyModel, LatencyModelInput, StepBreakdown, StepShape } from "../../../../lib/performance";

/** Llama-3-70B in BF16 on one 8 x H100 node with vLLM 0.24, TP 8: what a test does not vary. */
export function latencyInput(changes: Partial<LatencyModelInput> = {}): LatencyModelInput {
  return {
    model: findModel("meta-llama/Meta-Llama-3-70B-Instruct"),
    gpu: findGpu("H100-SXM-80GB"),
    precision: "bf16",
    kvCacheDtype: "bf16",
    tensorParallel: 8,
    pipelineParallel: 1,
    expertParallel: 1,
    sequenceParallel: 1,
    gpusPerNode: 8,
    network: { bytesPerSecondPerGpu: 50e9, latencyUs: 15 },
    engine: { name: "vLLM", version: "0.24.0", batchesInFlight: 2, reservesOutput: false },
    ...changes,
  };
}

/** A step that only decodes: `batch` sequences with `past` cached tokens each. */
export const decodeStep = (batch: number, past: number): StepShape => ({
  tokens: batch,
  decodeSequences: batch,
  decodeContextTokens: batch * past,
  prefillAttentionMs: 0,
  sampledSequences: batch,
});

/** A step that computes `prompts` whole prompts. */
export const prefillStep = (model: LatencyModel, prompts: number, length: number): StepShape => ({
  tokens: prompts * length,
  decodeSequences: 0,
  decodeContextTokens: 0,
  prefillAttentionMs: prompts * model.prefillAttentionMs(0, length),
  sampledSequences: prompts,
});

/** All parts of a breakdown but the total. */
export const partsOf = ({ totalMs: _, ...parts }: StepBreakdown): number[] => Object.values(parts);

/** Rows of a fixture by column name; lines starting with # are its source. */
export function fixture(name: string): Record<string, string>[] {
  const lines = readFileSync(join(__dirname, "fixtures", name), "utf8").split("\n");
  const [header, ...rows] = lines
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(header.map((column, i) => [column, row[i]])));
}

/** Relative error. */
export const error = (value: number, truth: number): number => value / truth - 1;

/** Value below which `share` of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
