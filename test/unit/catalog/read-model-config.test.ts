import assert from "node:assert/strict";
import { countParameters, findModel, readModelConfig } from "../../../lib/catalog";
import { UserError } from "../../../lib/config";

/** The keys of Meta-Llama-3-70B's config.json that matter, and some that do not. */
const llama3 = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  attention_bias: false,
  hidden_size: 8192,
  intermediate_size: 28_672,
  max_position_embeddings: 8192,
  num_attention_heads: 64,
  num_hidden_layers: 80,
  num_key_value_heads: 8,
  rope_theta: 500_000,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
  vocab_size: 128_256,
};

const mixtral = {
  ...llama3,
  model_type: "mixtral",
  hidden_size: 4096,
  intermediate_size: 14_336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  max_position_embeddings: 32_768,
  vocab_size: 32_000,
  num_local_experts: 8,
  num_experts_per_tok: 2,
};

const qwenMoe = {
  ...llama3,
  model_type: "qwen3_moe",
  head_dim: 128,
  hidden_size: 2048,
  num_attention_heads: 32,
  num_key_value_heads: 4,
  num_hidden_layers: 48,
  vocab_size: 151_936,
  intermediate_size: 6144,
  num_experts: 128,
  num_experts_per_tok: 8,
  moe_intermediate_size: 768,
  decoder_sparse_step: 1,
  mlp_only_layers: [],
};

function message(json: unknown): string {
  try {
    readModelConfig(json);
  } catch (error) {
    assert.ok(error instanceof UserError);
    assert.equal(error.where, "model.configPath");
    return error.line;
  }
  return assert.fail("no error");
}

describe("a config.json", () => {
  it("of Llama-3-70B gives the architecture of the catalogue", () => {
    const { provenance: _, ...read } = readModelConfig(llama3, "meta-llama/Meta-Llama-3-70B-Instruct");
    const { provenance: __, ...known } = findModel("Llama-3-70B");
    assert.deepEqual(read, known);
  });

  it("of Mixtral has eight experts as wide as the dense layer it names", () => {
    const read = readModelConfig(mixtral);
    assert.deepEqual(read.experts, { count: 8, activePerToken: 2, intermediateSize: 14_336, shared: 0 });
    assert.equal(countParameters(read).total, countParameters(findModel("mixtral-8x7b")).total);
  });

  it("of Qwen 3 MoE has its own head size, narrow experts and head norms", () => {
    const read = readModelConfig(qwenMoe);
    assert.equal(read.headDim, 128);
    assert.equal(countParameters(read).total, countParameters(findModel("Qwen3-30B-A3B")).total);
  });

  it("of Qwen 2 has a bias although it does not say so", () => {
    assert.equal(
      readModelConfig({ ...llama3, attention_bias: undefined, model_type: "qwen2" }).attentionBias,
      true,
    );
  });

  it("without key-value heads has as many as attention heads", () => {
    const { num_key_value_heads: _, ...old } = llama3;
    assert.equal(readModelConfig(old).keyValueHeads, 64);
  });

  it("that lacks keys is refused with every one of them", () => {
    const { num_hidden_layers: _, vocab_size: __, ...rest } = llama3;
    const text = message(rest);
    assert.match(text, /num_hidden_layers is missing; /);
    assert.match(text, /vocab_size is missing/);
  });

  it("with keys of the wrong kind is refused with what they must be", () => {
    const text = message({ ...llama3, model_type: 7, hidden_size: "8192", vocab_size: 0 });
    assert.match(text, /model_type must be text/);
    assert.match(text, /hidden_size must be a whole number above 0/);
    assert.match(text, /vocab_size must be a whole number above 0/);
  });

  it("is refused under the name of another model, whose weights would be downloaded", () => {
    assert.throws(
      () => readModelConfig(mixtral, "meta-llama/Meta-Llama-3-70B-Instruct"),
      (error) =>
        error instanceof UserError &&
        /^model\.name: .* has layers 80, the file of model\.configPath has 32; /.test(error.line),
    );
    const longer = { ...llama3, max_position_embeddings: 32_768 };
    assert.equal(
      readModelConfig(longer, "meta-llama/Meta-Llama-3-70B-Instruct").maxPositionEmbeddings,
      32_768,
    );
  });

  it("of an architecture that is not known is refused with those that are", () => {
    assert.match(
      message({ ...llama3, model_type: "mamba" }),
      /"mamba" is not supported; supported are llama/,
    );
  });

  it("whose heads do not divide its width is refused", () => {
    assert.match(message({ ...llama3, hidden_size: 8190 }), /not a multiple of num_attention_heads 64/);
  });

  it("that mixes dense and expert layers is refused", () => {
    assert.match(message({ ...qwenMoe, mlp_only_layers: [0] }), /mix dense and expert/);
  });

  it("that activates more experts than it has is refused", () => {
    assert.match(message({ ...mixtral, num_experts_per_tok: 9 }), /between 1 and the 8 experts, and is 9/);
  });

  for (const [method, quantized] of [
    ["awq with 4 bits", { quantization_config: { quant_method: "awq", bits: 4, group_size: 128 } }],
    ["gptq with 8 bits", { quantization_config: { quant_method: "gptq", bits: 8 } }],
    ["fp8", { quantization_config: { quant_method: "fp8", weight_block_size: [128, 128] } }],
    ["modelopt NVFP4", { quantization_config: { quant_method: "modelopt", quant_algo: "NVFP4" } }],
    ["mxfp4", { quantization_config: { quant_method: "mxfp4" } }],
    [
      "compressed-tensors pack-quantized",
      { quantization_config: { quant_method: "compressed-tensors", format: "pack-quantized" } },
    ],
    ["int-quantized", { compression_config: { format: "int-quantized" } }],
    ["unnamed with 4 bits", { quantization: { group_size: 64, bits: 4 } }],
    ["fp8", { text_config: { quantization_config: { quant_method: "fp8" } } }],
  ] as const) {
    it(`of weights quantised by ${method} is refused, not planned as BF16`, () => {
      assert.throws(
        () => readModelConfig({ ...llama3, ...quantized }, "mine", "/models/config.json"),
        (error) =>
          error instanceof UserError &&
          error.line.startsWith("model.configPath: /models/config.json is of a quantised checkpoint (") &&
          error.line.includes(`: ${method}), which cannot be planned yet; `),
      );
    });
  }

  it("that says its weights are not quantised is read", () => {
    assert.equal(readModelConfig({ ...llama3, quantization_config: null }).layers, 80);
  });

  it("that is no object is refused", () => {
    assert.match(message("[]"), /not a config.json/);
    assert.match(message(null), /not a config.json/);
  });
});
