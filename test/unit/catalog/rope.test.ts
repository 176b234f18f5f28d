import assert from "node:assert/strict";
import { listModels, readModelConfig } from "../../../lib/catalog";
import configs from "../../../lib/catalog/model-configs.json";
import { UserError } from "../../../lib/config";

const LLAMA = {
  model_type: "llama",
  hidden_size: 4096,
  intermediate_size: 14_336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 128_256,
  max_position_embeddings: 8192,
};

const lengthWith = (change: object) => readModelConfig({ ...LLAMA, ...change }, "own").maxPositionEmbeddings;

describe("the longest sequence of a model", () => {
  it("is lengthened by the factor of linear, dynamic and NTK scaling, as vLLM 0.33 derives it", () => {
    for (const type of ["linear", "dynamic", "ntk"]) {
      assert.equal(lengthWith({ rope_scaling: { rope_type: type, factor: 4 } }), 32_768, type);
      assert.equal(lengthWith({ rope_scaling: { type, factor: 2.5 } }), 20_480, `${type}, the older key`);
    }
    assert.equal(lengthWith({ rope_parameters: { rope_type: "linear", factor: 2 } }), 16_384);
    const byKind = {
      full_attention: { rope_type: "linear", factor: 8 },
      sliding_attention: { rope_type: "default" },
    };
    assert.equal(lengthWith({ rope_parameters: byKind }), 65_536);
  });

  it("is max_position_embeddings where the scaling is in it already", () => {
    for (const rope_type of ["llama3", "yarn", "longrope", "su", "deepseek_yarn"])
      assert.equal(lengthWith({ rope_scaling: { rope_type, factor: 4 } }), 8192, rope_type);
    assert.equal(lengthWith({}), 8192);
    assert.equal(lengthWith({ rope_scaling: null }), 8192);
    const gemma = {
      ...LLAMA,
      model_type: "gemma3_text",
      head_dim: 128,
      rope_scaling: { rope_type: "linear", factor: 8 },
    };
    assert.equal(readModelConfig(gemma, "own").maxPositionEmbeddings, 8192);
  });

  it("moves for no model of the catalogue", () => {
    const lengths = new Map(
      listModels().map(({ name, maxPositionEmbeddings }) => [name, maxPositionEmbeddings]),
    );
    for (const { name, config } of configs) {
      const text = "text_config" in config ? { ...config, ...(config.text_config as object) } : config;
      const stated = (text as { max_position_embeddings?: number }).max_position_embeddings;
      assert.equal(lengths.get(name), stated ?? lengths.get(name), name);
    }
  });

  it("is refused for a scaling that vLLM does not know", () => {
    assert.throws(
      () => lengthWith({ rope_scaling: { rope_type: "spiral", factor: 2 } }),
      (error) => error instanceof UserError && /type "spiral" is none that vLLM 0\.33 knows/.test(error.line),
    );
  });
});
