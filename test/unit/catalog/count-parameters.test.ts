import assert from "node:assert/strict";
import { countParameters, findModel, weightBytes } from "../../../lib/catalog";

/** Totals that the publishers state on their model cards, in billions, and how many digits they give. */
const published: [name: string, billions: number, digits: number][] = [
  ["Meta-Llama-3-70B-Instruct", 70.6, 1],
  ["Llama-3.1-8B-Instruct", 8.03, 2],
  ["Llama-3.1-405B-Instruct", 406, 0],
  ["Llama-2-70b-chat-hf", 69, 0],
  ["Mixtral-8x7B-Instruct-v0.1", 46.7, 1],
  ["Mixtral-8x22B-Instruct-v0.1", 141, 0],
  ["Qwen3-8B", 8.2, 1],
  ["Qwen3-32B", 32.8, 1],
  ["Qwen3-30B-A3B", 30.5, 1],
  ["Qwen3-235B-A22B", 235, 0],
];

describe("the parameter count", () => {
  for (const [name, billions, digits] of published) {
    it(`of ${name} is the published ${billions} billion`, () => {
      assert.equal((countParameters(findModel(name)).total / 1e9).toFixed(digits), billions.toFixed(digits));
    });
  }

  it("of Llama-3-70B is the sum of its tensors", () => {
    // 80 x (2 x 8192^2 + 2 x 8192 x 1024 + 3 x 8192 x 28672 + 2 x 8192) + 2 x 128256 x 8192 + 8192
    assert.equal(countParameters(findModel("Llama-3-70B")).total, 70_553_706_496);
  });

  it("counts a shared expert once a layer, beside the routed ones and without a line in the router", () => {
    const model = findModel("Mixtral-8x7B-Instruct-v0.1");
    const { experts } = model;
    if (!experts) return assert.fail("Mixtral has experts");
    const shared = { ...model, experts: { ...experts, shared: 2 } };
    // 32 layers x 2 experts x 3 matrices of 4096 x 14336
    const added = 32 * 2 * 3 * 4096 * 14_336;
    assert.equal(countParameters(shared).total - countParameters(model).total, added);
    assert.equal(weightBytes(shared, "fp8") - weightBytes(model, "fp8"), added);
  });

  it("counts the input embedding once when the output projection shares it", () => {
    const model = findModel("Llama-3.1-8B-Instruct");
    const tied = countParameters({ ...model, tiedEmbeddings: true });
    assert.equal(countParameters(model).total - tied.total, 128_256 * 4096);
  });

  it("counts the biases of Qwen 2 and the head norms of Qwen 3", () => {
    const { attentionBias: _, queryKeyNorm: __, ...plain } = findModel("Qwen3-8B");
    const base = countParameters(plain).total;
    // One bias per query, key and value channel; one weight per channel of a head for queries and for keys.
    assert.equal(countParameters({ ...plain, attentionBias: true }).total - base, 36 * (32 + 2 * 8) * 128);
    assert.equal(countParameters({ ...plain, queryKeyNorm: "head" }).total - base, 36 * 2 * 128);
  });
});

describe("the weights", () => {
  it("of Llama-3-70B are 141.1 GB in BF16", () => {
    assert.equal((weightBytes(findModel("Llama-3-70B"), "bf16") / 1e9).toFixed(1), "141.1");
  });

  it("of Llama-3-70B in FP8 are what vLLM loads: 33.88 GiB on each of two GPUs", () => {
    // llm-d/llm-d-benchmark empirical-vllm-memory-results.md, Llama-3.3-70B FP8 at TP2; scales and rounding stay below 0.3 %.
    const gib = weightBytes(findModel("Llama-3.3-70B-Instruct"), "fp8") / 2 / 2 ** 30;
    assert.ok(Math.abs(gib / 33.88 - 1) < 0.003, String(gib));
  });
});
