import type { ModelArchitecture, Source } from "./types";

const aiconfigurator = (file: string): Source => ({
  source: `config.json carried in ai-dynamo/aiconfigurator@095f58a51 aic-core/src/aiconfigurator_core/model_configs/${file}_config.json`,
  date: "2026-08-21",
});
const vidur = (className: string): Source => ({
  source: `microsoft/vidur@7d47513 vidur/config/model_config.py ${className}`,
  date: "2024-11-01",
});

const llama70b = {
  layers: 80,
  hiddenSize: 8192,
  intermediateSize: 28_672,
  attentionHeads: 64,
  keyValueHeads: 8,
  headDim: 128,
  vocabularySize: 128_256,
  tiedEmbeddings: false,
} as const;

const llama8b = {
  layers: 32,
  hiddenSize: 4096,
  intermediateSize: 14_336,
  attentionHeads: 32,
  keyValueHeads: 8,
  headDim: 128,
  vocabularySize: 128_256,
  tiedEmbeddings: false,
} as const;

const qwen3Moe = {
  headDim: 128,
  keyValueHeads: 4,
  vocabularySize: 151_936,
  tiedEmbeddings: false,
  maxPositionEmbeddings: 40_960,
  queryKeyNorm: "head",
} as const;

/** Every model that a plan knows by name; any other comes from its config.json. */
export const models = [
  {
    name: "meta-llama/Meta-Llama-3-70B-Instruct",
    ...llama70b,
    maxPositionEmbeddings: 8192,
    provenance: vidur("Llama3_70BModelConfig"),
  },
  {
    name: "meta-llama/Meta-Llama-3-8B-Instruct",
    ...llama8b,
    maxPositionEmbeddings: 8192,
    provenance: {
      source:
        "config.json quoted in scaleapi/llm-engine model-engine/tests/unit/domain/test_llm_use_cases.py (llama-3-8b)",
      date: "2026-11-22",
    },
  },
  {
    name: "meta-llama/Llama-3.1-8B-Instruct",
    ...llama8b,
    maxPositionEmbeddings: 131_072,
    provenance: aiconfigurator("meta-llama--Meta-Llama-3.1-8B"),
  },
  {
    name: "meta-llama/Llama-3.1-70B-Instruct",
    ...llama70b,
    maxPositionEmbeddings: 131_072,
    provenance: aiconfigurator("meta-llama--Meta-Llama-3.1-70B"),
  },
  {
    name: "meta-llama/Llama-3.3-70B-Instruct",
    ...llama70b,
    maxPositionEmbeddings: 131_072,
    provenance: {
      source: `architecture of Llama 3.1 70B: ${aiconfigurator("meta-llama--Meta-Llama-3.1-70B").source}`,
      date: "2026-08-21",
    },
  },
  {
    name: "meta-llama/Llama-3.1-405B-Instruct",
    layers: 126,
    hiddenSize: 16_384,
    intermediateSize: 53_248,
    attentionHeads: 128,
    keyValueHeads: 8,
    headDim: 128,
    vocabularySize: 128_256,
    tiedEmbeddings: false,
    maxPositionEmbeddings: 131_072,
    provenance: aiconfigurator("meta-llama--Meta-Llama-3.1-405B"),
  },
  {
    name: "meta-llama/Llama-2-70b-chat-hf",
    ...llama70b,
    vocabularySize: 32_000,
    maxPositionEmbeddings: 4096,
    provenance: vidur("Llama2_70BModelConfig"),
  },
  {
    name: "mistralai/Mixtral-8x7B-Instruct-v0.1",
    layers: 32,
    hiddenSize: 4096,
    intermediateSize: 14_336,
    attentionHeads: 32,
    keyValueHeads: 8,
    headDim: 128,
    vocabularySize: 32_000,
    tiedEmbeddings: false,
    maxPositionEmbeddings: 32_768,
    experts: { count: 8, activePerToken: 2, intermediateSize: 14_336, shared: 0 },
    provenance: aiconfigurator("mistralai--Mixtral-8x7B-v0.1"),
  },
  {
    name: "mistralai/Mixtral-8x22B-Instruct-v0.1",
    layers: 56,
    hiddenSize: 6144,
    intermediateSize: 16_384,
    attentionHeads: 48,
    keyValueHeads: 8,
    headDim: 128,
    // the instruct checkpoint has tokens for tools that the base checkpoint lacks (config.json cited in litgpt PR 1845)
    vocabularySize: 32_768,
    tiedEmbeddings: false,
    maxPositionEmbeddings: 65_536,
    experts: { count: 8, activePerToken: 2, intermediateSize: 16_384, shared: 0 },
    provenance: aiconfigurator("mistralai--Mixtral-8x22B-v0.1"),
  },
  {
    name: "Qwen/Qwen3-8B",
    layers: 36,
    hiddenSize: 4096,
    intermediateSize: 12_288,
    attentionHeads: 32,
    keyValueHeads: 8,
    headDim: 128,
    vocabularySize: 151_936,
    tiedEmbeddings: false,
    maxPositionEmbeddings: 40_960,
    queryKeyNorm: "head",
    provenance: aiconfigurator("Qwen--Qwen3-8B"),
  },
  {
    name: "Qwen/Qwen3-32B",
    layers: 64,
    hiddenSize: 5120,
    intermediateSize: 25_600,
    attentionHeads: 64,
    keyValueHeads: 8,
    headDim: 128,
    vocabularySize: 151_936,
    tiedEmbeddings: false,
    maxPositionEmbeddings: 40_960,
    queryKeyNorm: "head",
    provenance: aiconfigurator("Qwen--Qwen3-32B"),
  },
  {
    name: "Qwen/Qwen3-30B-A3B",
    ...qwen3Moe,
    layers: 48,
    hiddenSize: 2048,
    intermediateSize: 6144,
    attentionHeads: 32,
    experts: { count: 128, activePerToken: 8, intermediateSize: 768, shared: 0 },
    provenance: aiconfigurator("Qwen--Qwen3-30B-A3B"),
  },
  {
    name: "Qwen/Qwen3-235B-A22B",
    ...qwen3Moe,
    layers: 94,
    hiddenSize: 4096,
    intermediateSize: 12_288,
    attentionHeads: 64,
    experts: { count: 128, activePerToken: 8, intermediateSize: 1536, shared: 0 },
    provenance: aiconfigurator("Qwen--Qwen3-235B-A22B"),
  },
] as const satisfies readonly ModelArchitecture[];
