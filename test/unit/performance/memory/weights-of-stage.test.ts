import assert from "node:assert/strict";
import { findModel, type ModelArchitecture } from "../../../../lib/catalog";
import { weightsOfStage } from "../../../../lib/performance/memory/weights-of-stage";

/** Qwen/Qwen2-57B-A14B, whose shared expert is as wide as eight routed ones. */
const qwen2Moe: ModelArchitecture = {
  name: "Qwen/Qwen2-57B-A14B",
  layers: 28,
  hiddenSize: 3584,
  intermediateSize: 18_944,
  attentionHeads: 28,
  keyValueHeads: 4,
  headDim: 128,
  vocabularySize: 151_936,
  tiedEmbeddings: false,
  maxPositionEmbeddings: 32_768,
  experts: { count: 64, activePerToken: 8, intermediateSize: 2560, shared: 8 },
  attentionBias: true,
  provenance: { source: "config.json of Qwen/Qwen2-57B-A14B", date: "2026-11-26" },
};

/** Bytes of the parameters that vLLM 0.33.0's own class holds, by bench/vllm/weigh_models.py. */
const WEIGHED = [
  { what: "shared expert under EP 8", model: qwen2Moe, tp: 1, ep: 8, pp: 1, stage: 0, bytes: 28_498_541_568 },
  { what: "shared expert under EP 4", model: qwen2Moe, tp: 4, ep: 4, pp: 1, stage: 0, bytes: 28_714_420_224 },
  { what: "shared expert without EP", model: qwen2Moe, tp: 4, ep: 1, pp: 1, stage: 0, bytes: 28_714_420_224 },
  ...[0, 3, 7].map((stage) => ({
    what: `stage ${stage} of 8`,
    model: findModel("Qwen/Qwen3-30B-A3B"),
    ...{ tp: 1, ep: 1, pp: 8, stage },
    bytes: 8_722_111_488,
  })),
];

describe("weights of a mixture of experts", () => {
  for (const { what, model, tp, ep, pp, stage, bytes } of WEIGHED)
    it(`are what vLLM holds within 0.2 %: ${model.name}, ${what}`, () => {
      const planned = weightsOfStage(model, {
        precision: "bf16",
        tensorParallel: tp,
        expertParallel: ep,
        layers: model.layers / pp,
        isFirstStage: stage === 0,
        isLastStage: stage === pp - 1,
      });
      assert.ok(Math.abs(planned / bytes - 1) < 0.002, `${planned} bytes are planned, vLLM holds ${bytes}`);
    });
});

describe("weights of a dense model", () => {
  it("are not spread by an expert parallelism that it cannot have", () => {
    const model = findModel("Llama-3-70B-Instruct");
    const weighed = (expertParallel: number) =>
      weightsOfStage(model, {
        precision: "bf16",
        tensorParallel: 1,
        expertParallel,
        layers: model.layers,
        isFirstStage: true,
        isLastStage: true,
      });
    assert.equal(weighed(4), weighed(1));
  });
});
