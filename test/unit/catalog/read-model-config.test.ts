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
    assert.ok(error instanceof UserError, `error: ${error}`);
    assert.equal(error.where, "model.configPath");
    return error.line;
  }
  return assert.fail("no error");
}

describe("a config.json", () => {
  it("of Llama-3-70B gives the architecture of the catalogue", () => {
    const {
      provenance: _,
      tensors: ___,
      modelType,
      ...read
    } = readModelConfig(llama3, "meta-llama/Meta-Llama-3-70B-Instruct");
    const { provenance: __, ...known } = findModel("Llama-3-70B");
    assert.deepEqual(read, known);
    assert.equal(modelType, "llama", "rows of the catalogue name none: their flags go by name");
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

  /** A file without a key that its family's class would fill with another model's figure. */
  const without = (config: Record<string, unknown>, key: string) => message({ ...config, [key]: undefined });

  it("of a mixture without the number or the width of its experts is refused, not planned as dense", () => {
    for (const [config, key] of [
      [qwenMoe, "num_experts"],
      [qwenMoe, "moe_intermediate_size"],
      [qwenMoe, "num_experts_per_tok"],
      [mixtral, "num_local_experts"],
      [mixtral, "intermediate_size"],
      [{ ...qwenMoe, model_type: "qwen2_moe" }, "shared_expert_intermediate_size"],
    ] as const) {
      assert.match(
        without(config, key),
        new RegExp(`: ${key} is missing; give`),
        `${config.model_type} ${key}`,
      );
    }
    const latent = { ...llama3, model_type: "deepseek_v3" };
    for (const key of [
      "n_routed_experts",
      "moe_intermediate_size",
      "n_shared_experts",
      "first_k_dense_replace",
    ])
      assert.match(message(latent), new RegExp(`${key} is missing`));
    const { num_experts: _, ...other } = qwenMoe;
    assert.equal(readModelConfig({ ...other, num_local_experts: 128 }).experts?.count, 128);
  });

  it("without key-value heads or head width is refused where the family's class has a number of its own", () => {
    for (const type of ["qwen2", "mistral", "qwen3", "gemma2", "glm4"])
      assert.match(
        without({ ...llama3, head_dim: 128, model_type: type }, "num_key_value_heads"),
        /num_key_value_heads is missing/,
        type,
      );
    assert.match(message({ ...llama3, model_type: "qwen3" }), /head_dim is missing/);
    assert.equal(
      readModelConfig({ ...llama3, model_type: "phi3", num_key_value_heads: undefined }).keyValueHeads,
      64,
    );
    assert.equal(
      readModelConfig({ ...llama3, model_type: "qwen2", num_key_value_heads: null }).keyValueHeads,
      64,
    );
  });

  it("whose heads are no multiple of its key-value heads is refused", () => {
    assert.match(
      message({ ...llama3, num_key_value_heads: 7 }),
      /num_attention_heads 64 is not a multiple of num_key_value_heads 7/,
    );
    const swa = { ...llama3, num_key_value_heads: 7, num_attention_heads: 40, head_dim: 128 };
    assert.match(message(swa), /40 is not a multiple of num_key_value_heads 7/);
  });

  it("with a size that no model has is refused at once, whatever its key", () => {
    for (const [config, key] of [
      [llama3, "num_hidden_layers"],
      [llama3, "hidden_size"],
      [llama3, "num_attention_heads"],
      [llama3, "num_key_value_heads"],
      [llama3, "vocab_size"],
      [llama3, "max_position_embeddings"],
      [llama3, "intermediate_size"],
      [qwenMoe, "num_experts"],
      [qwenMoe, "moe_intermediate_size"],
      [{ ...qwenMoe, model_type: "qwen2_moe" }, "shared_expert_intermediate_size"],
    ] as const) {
      assert.match(
        message({ ...config, [key]: 1_000_000_000 }),
        new RegExp(`${key} must be a whole number up to \\d+`),
        key,
      );
    }
  });

  it("with keys of the wrong kind is refused with what they must be", () => {
    const text = message({ ...llama3, model_type: 7, hidden_size: "8192", vocab_size: 0 });
    assert.match(text, /model_type must be text/);
    assert.match(text, /hidden_size must be a whole number above 0/);
    assert.match(text, /vocab_size must be a whole number above 0/);
  });

  it("with a key of another kind is refused, never read as if it were not there", () => {
    const awq = { quant_method: "awq", bits: 4, group_size: 128 };
    const group = { targets: ["Linear"], weights: { num_bits: 4, type: "int", group_size: 128 } };
    const compressed = { quant_method: "compressed-tensors", config_groups: { group_0: group } };
    const weighed = (weights: object) => ({ ...compressed, config_groups: { g: { ...group, weights } } });
    for (const [change, what] of [
      [{ attention_bias: "true" }, /attention_bias must be true or false/],
      [{ rope_scaling: "yarn" }, /rope_scaling must be an object/],
      [{ text_config: [] }, /text_config must be an object/],
      [{ quantization_config: "awq" }, /quantization_config must be an object/],
      [{ quantization_config: { ...awq, modules_to_not_convert: "lm_head" } }, /not_convert must be a list/],
      [{ quantization_config: { ...awq, group_size: "128" } }, /group_size must be a whole number above 0/],
      [{ quantization_config: weighed({ num_bits: 4, type: "int", group_size: 0 }) }, /group_size must be/],
      [{ quantization_config: { ...compressed, config_groups: [] } }, /config_groups must be an object/],
      [{ quantization_config: { ...compressed, config_groups: {} } }, /config_groups that name no module/],
      [{ quantization_config: { quant_method: "fp8", weight_block_size: [128, 0] } }, /block_size must be/],
      [{ quantization_config: { ...compressed, ignore: ["re:*("] } }, /"\*\(" .* is no regular expression/],
    ] as const) {
      assert.match(message({ ...llama3, ...change }), what);
    }
    assert.match(message({ ...qwenMoe, decoder_sparse_step: 1.5 }), /decoder_sparse_step must be a whole/);
  });

  it("whose list by layer ends before the last layer is refused", () => {
    assert.match(
      message({ ...llama3, layer_types: Array(79).fill("full_attention") }),
      /layer_types has 79 entries for the 80 layers/,
    );
  });

  it("is refused under the name of another model, whose weights would be downloaded", () => {
    assert.throws(
      () => readModelConfig(mixtral, "meta-llama/Meta-Llama-3-70B-Instruct"),
      (error) =>
        error instanceof UserError &&
        /^model\.name: .* has layers 80, the file of model\.configPath has 32; /.test(error.line),
    );
    const quantised = { ...llama3, quantization_config: { quant_method: "awq", bits: 4, group_size: 128 } };
    assert.throws(
      () => readModelConfig(quantised, "meta-llama/Meta-Llama-3-70B-Instruct"),
      (error) =>
        error instanceof UserError &&
        /^model\.name: .* is stored in 16 bits, what the file of model\.configPath is of in awq; /.test(
          error.line,
        ),
    );
    const longer = { ...llama3, max_position_embeddings: 32_768 };
    assert.equal(
      readModelConfig(longer, "meta-llama/Meta-Llama-3-70B-Instruct").maxPositionEmbeddings,
      32_768,
    );
  });

  it("of an architecture that is not known is refused with the way to those that are", () => {
    assert.match(
      message({ ...llama3, model_type: "mamba" }),
      /"mamba" is not supported; `npx shardplan models` lists the types that are read$/,
    );
  });

  it("whose heads do not divide its width is refused", () => {
    assert.match(message({ ...llama3, hidden_size: 8190 }), /not a multiple of num_attention_heads 64/);
  });

  it("may mix dense and expert layers", () => {
    const mixed = readModelConfig({ ...qwenMoe, mlp_only_layers: [0] });
    const alike = readModelConfig(qwenMoe);
    assert.equal(mixed.tensors?.layers[0]?.feedForward?.kind, "dense");
    assert.equal(mixed.tensors?.layers[1]?.feedForward?.kind, "experts");
    // One layer has 3 x 2048 x 6144 instead of 128 experts of 3 x 2048 x 768 and their router.
    assert.equal(
      countParameters(alike).total - countParameters(mixed).total,
      3 * 2048 * (128 * 768 - 6144) + 128 * 2048,
    );
  });

  it("that activates more experts than it has is refused", () => {
    assert.match(message({ ...mixtral, num_experts_per_tok: 9 }), /between 1 and the 8 experts, and is 9/);
  });

  for (const [quantized, method, format] of [
    [{ quantization_config: { quant_method: "awq", bits: 4, group_size: 128 } }, "awq", "int4"],
    [{ quantization_config: { quant_method: "gptq", bits: 8 } }, "gptq", "w8a16"],
    [{ quantization_config: { quant_method: "fp8", weight_block_size: [128, 128] } }, "fp8", "fp8_block"],
    [{ quantization_config: { quant_method: "modelopt", quant_algo: "NVFP4" } }, "modelopt", "nvfp4"],
    [
      { hf_quant_config: { producer: { name: "modelopt" }, quantization: { quant_algo: "FP8" } } },
      "modelopt",
      "fp8",
    ],
    [
      {
        quantization_config: {
          quant_method: "compressed-tensors",
          config_groups: {
            group_0: {
              targets: ["Linear"],
              weights: { num_bits: 8, type: "int" },
              input_activations: { num_bits: 8, type: "int" },
            },
          },
        },
      },
      "compressed-tensors",
      "int8",
    ],
  ] as const) {
    it(`of weights stored by ${method} as ${format} is read so`, () => {
      const { checkpoint } = readModelConfig({ ...llama3, ...quantized });
      assert.deepEqual(checkpoint, { method, formats: { attention: format, feedForward: format } });
    });
  }

  it("says where vLLM does not find the method: neither quant_method nor ModelOpt's older form", () => {
    for (const quantized of [
      { hf_quant_config: { quantization: { quant_algo: "FP8" } } },
      { quantization_config: { producer: { name: "modelopt" }, quant_algo: "FP8" } },
    ]) {
      assert.equal(readModelConfig({ ...llama3, ...quantized }).checkpoint?.isUnnamed, true);
    }
  });

  it("leaves in BF16 what the checkpoint leaves out", () => {
    const quantization_config = {
      quant_method: "fp8",
      modules_to_not_convert: ["lm_head", "model.layers.0.mlp.down_proj"],
      weight_block_size: [128, 128],
    };
    const { tensors } = readModelConfig({ ...llama3, quantization_config });
    const stored = (layer: number, name: string) =>
      tensors?.layers[layer]?.tensors.find((tensor) => tensor.name === name)?.stored?.format;
    assert.equal(stored(0, "mlp.down_proj"), undefined);
    assert.equal(stored(0, "mlp.up_proj"), "fp8_block");
    assert.equal(stored(1, "mlp.down_proj"), "fp8_block");
  });

  /** AutoGPTQConfig and CompressedTensorsConfig of vLLM 0.33.0 raise for these. */
  it("quantised in a way that vLLM does not load is refused", () => {
    const gptq = { quant_method: "gptq", bits: 4, group_size: 128, sym: true, desc_act: false };
    const weights = { num_bits: 4, type: "int", group_size: 128, actorder: "group" };
    for (const [quantization_config, what] of [
      [
        { ...gptq, desc_act: true },
        /GPTQ with ordered activations \(desc_act true\), which vLLM 0.33 does not load/,
      ],
      [{ ...gptq, sym: false }, /GPTQ with zero points \(sym false\)/],
      [{ ...gptq, group_size: 256 }, /GPTQ with groups of 256/],
      [{ ...gptq, dynamic: { "+:.*": { desc_act: true } } }, /desc_act true/],
      [{ quant_method: "awq", bits: 8 }, /AWQ with 8 bits/],
      [
        { quant_method: "compressed-tensors", config_groups: { g: { targets: ["Linear"], weights } } },
        /ordered by group \(actorder\)/,
      ],
    ] as const) {
      assert.match(message({ ...llama3, quantization_config }), what);
    }
    // One group of all inputs has no order.
    const { checkpoint } = readModelConfig({
      ...llama3,
      quantization_config: { ...gptq, desc_act: true, group_size: -1 },
    });
    assert.equal(checkpoint?.formats.attention, "int4");
  });

  it("of GPTQ leaves out what its rules leave out, and stores modules as they say", () => {
    const quantization_config = {
      quant_method: "gptq",
      bits: 4,
      group_size: 128,
      lm_head: true,
      dynamic: { "-:.*attn.*": {}, "+:.*\\.1\\.mlp\\..*": { bits: 8, group_size: 64 } },
    };
    const { tensors } = readModelConfig({ ...llama3, quantization_config });
    const stored = (layer: number, name: string) =>
      tensors?.layers[layer]?.tensors.find((tensor) => tensor.name === name)?.stored;
    assert.equal(stored(0, "self_attn.q_proj"), undefined);
    assert.equal(stored(0, "mlp.up_proj")?.format, "int4");
    assert.equal(stored(1, "mlp.up_proj")?.format, "w8a16");
    assert.equal(stored(1, "mlp.up_proj")?.group, 64);
    assert.equal(tensors?.logits?.stored?.format, "int4");
    const only = { ...quantization_config, dynamic: {}, modules_in_block_to_quantize: [["mlp.down_proj"]] };
    const some = readModelConfig({ ...llama3, quantization_config: only });
    assert.deepEqual(some.checkpoint?.formats, { attention: "bf16", feedForward: "bf16" });
  });

  it("of AWQ leaves out every module whose name, as vLLM joins it, has one of the words", () => {
    const quantization_config = {
      quant_method: "awq",
      bits: 4,
      group_size: 128,
      modules_to_not_convert: ["layers.1.", "qkv_proj"],
    };
    const { tensors } = readModelConfig({ ...llama3, quantization_config });
    const kept = (layer: number) =>
      tensors?.layers[layer]?.tensors.flatMap(({ name, kind, stored }) =>
        kind === "product" && !stored ? [name] : [],
      );
    assert.deepEqual(kept(0), ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]);
    assert.equal(kept(1)?.length, 7);
    assert.equal(kept(11)?.length, 3);
  });

  for (const [quantized, what] of [
    [{ quantization_config: { quant_method: "bitsandbytes", load_in_4bit: true } }, /by bitsandbytes/],
    [{ quantization_config: { quant_method: "gptq", bits: 3 } }, /GPTQ with 3 bits/],
    [{ quantization: { group_size: 64, bits: 4 } }, /MLX or an unnamed method/],
    [{ quantization_config: { quant_method: "modelopt", quant_algo: "W4A8" } }, /ModelOpt's W4A8/],
  ] as const) {
    it(`quantised in a way that is not known (${what.source}) is refused, not planned as BF16`, () => {
      assert.match(message({ ...llama3, ...quantized }), what);
    });
  }

  it("nested in text_config is read with what only the outer file says", () => {
    const { model_type: _, ...inner } = llama3;
    const read = readModelConfig({
      model_type: "mistral3",
      text_config: { ...inner, model_type: "mistral" },
      quantization_config: { quant_method: "fp8" },
    });
    assert.equal(read.layers, 80);
    assert.equal(read.checkpoint?.formats.attention, "fp8");
  });

  it("that says its weights are not quantised is read", () => {
    assert.equal(readModelConfig({ ...llama3, quantization_config: null }).layers, 80);
  });

  it("that is no object is refused", () => {
    assert.match(message("[]"), /not a config.json/);
    assert.match(message(null), /not a config.json/);
  });
});
