import type { ModelArchitecture } from "../lib/catalog";

const source = (file: string) => ({
  source: `aiconfigurator-core 0.12.0 (PyPI), model_configs/${file}`,
  date: "2026-11-26",
});

/** Shapes of the models in calibration-other.csv that the catalogue lacks, from their config.json. */
export const otherModels: Readonly<Record<string, ModelArchitecture>> = {
  "MiniMaxAI/MiniMax-M2.5": {
    name: "MiniMaxAI/MiniMax-M2.5",
    layers: 62,
    hiddenSize: 3072,
    intermediateSize: 1536,
    attentionHeads: 48,
    keyValueHeads: 8,
    headDim: 128,
    vocabularySize: 200_064,
    tiedEmbeddings: false,
    maxPositionEmbeddings: 196_608,
    experts: { count: 256, activePerToken: 8, intermediateSize: 1536, shared: 0 },
    provenance: source("MiniMaxAI--MiniMax-M2.5_config.json"),
  },
  "moonshotai/Kimi-K2.5": {
    name: "moonshotai/Kimi-K2.5",
    layers: 61,
    hiddenSize: 7168,
    intermediateSize: 18_432,
    attentionHeads: 64,
    keyValueHeads: 64,
    headDim: 128,
    vocabularySize: 163_840,
    tiedEmbeddings: false,
    maxPositionEmbeddings: 262_144,
    experts: { count: 384, activePerToken: 8, intermediateSize: 2048, shared: 1 },
    latentAttention: {
      keyValueRank: 512,
      ropeHeadDim: 64,
      queryRank: 1536,
      queryHeadDim: 192,
      valueHeadDim: 128,
    },
    provenance: source("moonshotai--Kimi-K2.5_config.json"),
  },
  "openai/gpt-oss-120b": {
    name: "openai/gpt-oss-120b",
    layers: 36,
    hiddenSize: 2880,
    intermediateSize: 2880,
    attentionHeads: 64,
    keyValueHeads: 8,
    headDim: 64,
    vocabularySize: 201_088,
    tiedEmbeddings: false,
    maxPositionEmbeddings: 131_072,
    slidingWindow: { tokens: 128, layers: 18 },
    experts: { count: 128, activePerToken: 4, intermediateSize: 2880, shared: 0 },
    provenance: source("openai--gpt-oss-120b_config.json"),
  },
};
