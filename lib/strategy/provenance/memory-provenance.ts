import {
  type Derivation,
  type DerivedMemory,
  kvTokensDerivation,
  loggedTokensDerivation,
  memoryDerivations,
  overheadEdges,
  type ReplicaMemory,
} from "../../performance";
import { demandOfStages, fitMemory, fullestGpu, memoryInput } from "../replica/fit-memory";
import type { Situation } from "../situation";
import type { Candidate, CandidateFigure, Provenance } from "../types";
import { derived } from "./entry";

const VLLM_MEMORY =
  "vLLM v1/worker/gpu_worker.py determine_available_memory; constants fitted on logs that llm-d/llm-d-benchmark@d773a122 config_explorer/empirical-vllm-memory-results.md and others published (bench/data/vllm-memory.csv, docs/numbers.md)";

/** Share of the KV cache that the demand counts: all of it where more is asked than can be served, none where nothing runs. */
const kvUsage = ({ seen, throughput }: Candidate): number => seen?.kvUsageP99 ?? (throughput ? 1 : 0);

function demand(fit: ReplicaMemory, candidate: Candidate): Derivation {
  const demands = demandOfStages(fit, kvUsage(candidate) * fit.kvCacheTokens);
  const gpu = fit.stages[demands.indexOf(Math.max(...demands))] ?? fit.tightest;
  return {
    formula:
      "weightsBytes + activationBytes + nonTorchBytes + cudaGraphBytes + kvUsageP99 * kvCacheTokens * kvBytesPerToken",
    inputs: {
      weightsBytes: gpu.weightsBytes,
      activationBytes: gpu.activationBytes,
      nonTorchBytes: gpu.nonTorchBytes,
      cudaGraphBytes: gpu.cudaGraphBytes,
      kvUsageP99: kvUsage(candidate),
      kvCacheTokens: fit.kvCacheTokens,
      kvBytesPerToken: gpu.kvBytesPerToken,
    },
  };
}

/** Where each part of a GPU's memory comes from: the GPU with the least room beside weights and overheads. */
export function memoryProvenance(
  situation: Situation,
  candidate: Candidate,
): readonly Provenance<CandidateFigure>[] {
  const { model, hardware } = situation;
  const { strategy, serving, memory } = candidate;
  const input = memoryInput(situation, strategy, serving);
  const fit = fitMemory(situation, strategy, serving);
  const parts = memoryDerivations(input, fullestGpu(fit));
  const part = (name: DerivedMemory, source = VLLM_MEMORY) => derived(`memory.${name}`, parts[name], source);
  const tokens = (figure: "kvCacheTokens" | "kvCacheTokensLow" | "kvCacheTokensHigh", overhead: number) =>
    derived(`memory.${figure}`, kvTokensDerivation(input, fit.tightest, overhead), VLLM_MEMORY);
  const logged = (["low", "high"] as const).flatMap((side, index) => {
    const derivation = loggedTokensDerivation(input, fit.stages, overheadEdges[side]);
    if (memory.kvCacheTokensLogged === undefined || derivation === undefined) return [];
    return [derived(`memory.kvCacheTokensLogged.${index}` as const, derivation, VLLM_MEMORY)];
  });
  const { demandBytes, totalBytes } = memory;
  return [
    {
      figure: "memory.totalBytes",
      kind: "published",
      formula: "memory that CUDA reports",
      inputs: { gpu: hardware.gpu.name },
      source: hardware.gpu.provenance.source,
    },
    part("usableBytes"),
    part("weightsBytes", model.provenance.source),
    part("activationBytes"),
    part("nonTorchBytes"),
    part("cudaGraphBytes"),
    part("kvCacheBytes"),
    tokens("kvCacheTokens", 1),
    tokens("kvCacheTokensLow", overheadEdges.low),
    tokens("kvCacheTokensHigh", overheadEdges.high),
    ...logged,
    derived("memory.demandBytes", demand(fit, candidate), VLLM_MEMORY),
    derived(
      "memory.demandFraction",
      { formula: "demandBytes / totalBytes", inputs: { demandBytes, totalBytes } },
      VLLM_MEMORY,
    ),
  ];
}
