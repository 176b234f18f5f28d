import assert from "node:assert/strict";
import { type DeploymentInput, parseDeployment } from "../../../../lib/config";
import { gpuRequirements } from "../../../../lib/strategy/requirements/gpu-requirements";
import { violationsOf } from "../../../../lib/strategy/requirements/requirement";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment } from "../a-deployment";

const refused = (instanceType: string, dtype: "auto" | "bfloat16" | "float16") =>
  violationsOf(
    gpuRequirements(readSituation(aDeployment({ hardware: { instanceType }, serving: { dtype } }))),
  );

describe("the type that a GPU computes in", () => {
  it("is not bfloat16 on a T4: vLLM's worker refuses it below compute capability 8.0", () => {
    const [violation] = refused("g4dn.12xlarge", "bfloat16");
    assert.equal(violation?.check, "dtype-runs");
    assert.match(violation?.change ?? "", /set serving\.dtype to float16/);
    assert.deepEqual(refused("g4dn.12xlarge", "float16"), []);
  });

  it("is bfloat16 from Ampere on", () => {
    for (const instanceType of ["p4d.24xlarge", "g5.xlarge", "g6e.xlarge", "p6-b200.48xlarge"]) {
      assert.deepEqual(refused(instanceType, "bfloat16"), [], instanceType);
    }
  });
});

const llama = {
  model_type: "llama",
  num_hidden_layers: 32,
  hidden_size: 4096,
  intermediate_size: 14_336,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 128_256,
  max_position_embeddings: 131_072,
};

/** `get_min_capability` of vLLM 0.33.0's configurations of quantisation, and its page on INT8. */
describe("a quantised checkpoint", () => {
  const refusedFor = (quantization_config: object, instanceType: string) =>
    violationsOf(
      gpuRequirements(
        readSituation(
          aDeployment({
            model: { name: "me/quantised" },
            hardware: { instanceType },
            serving: { dtype: "float16" },
          }),
          { modelConfig: { ...llama, quantization_config } },
        ),
      ),
    ).map(({ check }) => check);
  const modelopt = (quant_algo: string) => ({ quant_method: "modelopt", quant_algo });
  const int8 = {
    quant_method: "compressed-tensors",
    config_groups: {
      g: {
        targets: ["Linear"],
        weights: { num_bits: 8, type: "int", strategy: "channel" },
        input_activations: { num_bits: 8, type: "int" },
      },
    },
  };

  it("runs on a T4 by Marlin, but not ModelOpt's FP8 and gpt-oss's MXFP4", () => {
    assert.deepEqual(refusedFor({ quant_method: "awq", bits: 4 }, "g4dn.12xlarge"), []);
    assert.deepEqual(refusedFor({ quant_method: "fp8" }, "g4dn.12xlarge"), []);
    assert.deepEqual(refusedFor(modelopt("NVFP4"), "g4dn.12xlarge"), []);
    assert.deepEqual(refusedFor(modelopt("FP8"), "g4dn.12xlarge"), ["checkpoint-runs"]);
    assert.deepEqual(refusedFor(modelopt("FP8"), "g5.12xlarge"), []);
    const gptOss = aDeployment({
      model: { name: "openai/gpt-oss-20b" },
      hardware: { instanceType: "g4dn.12xlarge" },
      serving: { dtype: "float16" },
    });
    const [violation] = violationsOf(gpuRequirements(readSituation(gptOss)));
    assert.equal(violation?.check, "checkpoint-runs");
  });

  it("of 8-bit integers runs from Turing to Hopper, not on Blackwell", () => {
    for (const instanceType of ["g4dn.12xlarge", "g5.12xlarge", "g6e.12xlarge", "p5.48xlarge"]) {
      assert.deepEqual(refusedFor(int8, instanceType), [], instanceType);
    }
    assert.deepEqual(refusedFor(int8, "p6-b200.48xlarge"), ["checkpoint-runs"]);
    assert.deepEqual(refusedFor(int8, "g7e.12xlarge"), ["checkpoint-runs"]);
  });

  it("is not asked for in a precision that it is not of", () => {
    const read = (precision: "fp8" | "fp8_per_block" | "fp8_per_tensor" | "int8_per_channel_weight_only") =>
      readSituation(aDeployment({ model: { name: "Qwen/Qwen3-32B-FP8", precision } })).model.name;
    assert.equal(read("fp8"), "Qwen/Qwen3-32B-FP8");
    assert.equal(read("fp8_per_block"), "Qwen/Qwen3-32B-FP8");
    assert.throws(
      () => read("fp8_per_tensor"),
      /is stored by fp8 \(fp8_block\), which vLLM does not quantise again/,
    );
    assert.throws(() => read("int8_per_channel_weight_only"), /does not quantise again/);
  });
});

describe("sparse attention", () => {
  const refusedFor = (name: string, instanceType: string) =>
    violationsOf(
      gpuRequirements(readSituation(aDeployment({ model: { name }, hardware: { instanceType } }))),
    );

  it("needs Hopper or later: vLLM 0.33.0 finds no backend for GLM-5 and DeepSeek V3.2 on Ampere and Ada", () => {
    for (const instanceType of ["p4de.24xlarge", "g5.12xlarge", "g6.48xlarge", "g6e.12xlarge"]) {
      assert.equal(refusedFor("zai-org/GLM-5", instanceType)[0]?.check, "attention-runs", instanceType);
      assert.equal(refusedFor("deepseek-ai/DeepSeek-V3.2", instanceType)[0]?.check, "attention-runs");
    }
  });

  it("runs on Hopper and Blackwell, and latent attention without it everywhere", () => {
    assert.deepEqual(refusedFor("zai-org/GLM-5", "p5en.48xlarge"), []);
    assert.deepEqual(refusedFor("zai-org/GLM-5", "p6-b200.48xlarge"), []);
    assert.deepEqual(refusedFor("deepseek-ai/DeepSeek-V3", "p4de.24xlarge"), []);
  });
});

describe("an fp8 cache under latent attention", () => {
  const refusedOn = (instanceType: string) =>
    violationsOf(
      gpuRequirements(
        readSituation(
          aDeployment({
            model: { name: "deepseek-ai/DeepSeek-V3", kvCacheDtype: "fp8" },
            hardware: { instanceType },
          }),
        ),
      ),
    );

  it("is refused on Ampere as vLLM 0.33.0 refuses it, and runs from Ada on", () => {
    assert.equal(refusedOn("p4de.24xlarge")[0]?.check, "kv-cache-runs");
    assert.deepEqual(refusedOn("g7e.48xlarge"), []);
    assert.deepEqual(refusedOn("p5.48xlarge"), []);
  });
});

describe("the KV cache by vLLM's names", () => {
  const refusedWith = (
    model: DeploymentInput["model"],
    instanceType: string,
    dtype: "bfloat16" | "float16" = "bfloat16",
  ) =>
    violationsOf(
      gpuRequirements(readSituation(aDeployment({ model, hardware: { instanceType }, serving: { dtype } }))),
    ).map(({ check }) => check);
  const name = "meta-llama/Llama-3.1-8B-Instruct";

  it("is read in 8 bits from Ampere on, where FlashInfer has kernels, and not on a T4", () => {
    for (const kvCacheDtype of ["fp8", "fp8_e4m3", "fp8_e5m2"] as const) {
      assert.deepEqual(refusedWith({ name, kvCacheDtype }, "p4d.24xlarge"), [], kvCacheDtype);
      assert.deepEqual(
        refusedWith({ name, kvCacheDtype }, "g4dn.12xlarge", "float16"),
        ["kv-cache-runs"],
        kvCacheDtype,
      );
    }
  });

  it("is read in 8 bits from Ada on alone where FlashInfer lacks a kernel: sinks, odd heads, images", () => {
    const kvCacheDtype = "fp8";
    const odd = readSituation(
      aDeployment({ model: { name: "me/odd", kvCacheDtype }, hardware: { instanceType: "p4d.24xlarge" } }),
      { modelConfig: { ...llama, head_dim: 80 } },
    );
    assert.equal(violationsOf(gpuRequirements(odd))[0]?.check, "kv-cache-runs");
    const sinks = { name: "openai/gpt-oss-20b", kvCacheDtype } as const;
    assert.deepEqual(refusedWith(sinks, "p4d.24xlarge"), ["kv-cache-runs"]);
    assert.deepEqual(refusedWith(sinks, "g5.12xlarge"), ["kv-cache-runs"]);
    for (const instanceType of ["g6e.12xlarge", "p5.48xlarge", "p6-b200.48xlarge"]) {
      assert.deepEqual(refusedWith(sinks, instanceType), [], instanceType);
    }
    assert.deepEqual(refusedWith({ name: "openai/gpt-oss-20b" }, "p4d.24xlarge"), []);
  });

  it("is fp8_e5m2 neither for latent attention nor for a checkpoint with scales", () => {
    const kvCacheDtype = "fp8_e5m2";
    assert.deepEqual(refusedWith({ name: "deepseek-ai/DeepSeek-V3", kvCacheDtype }, "p5en.48xlarge"), [
      "kv-cache-runs",
    ]);
    assert.deepEqual(refusedWith({ name: "Qwen/Qwen3-32B-FP8", kvCacheDtype }, "p5.48xlarge"), [
      "kv-cache-runs",
    ]);
  });

  it("is fp8_ds_mla for sparse latent attention alone, and float16 where the model computes so", () => {
    const sparse = { name: "deepseek-ai/DeepSeek-V3.2", kvCacheDtype: "fp8_ds_mla" } as const;
    assert.deepEqual(refusedWith(sparse, "p5en.48xlarge"), []);
    assert.deepEqual(refusedWith({ ...sparse, name: "deepseek-ai/DeepSeek-V3" }, "p5en.48xlarge"), [
      "kv-cache-runs",
    ]);
    assert.deepEqual(refusedWith({ name, kvCacheDtype: "float16" }, "p5.48xlarge"), ["kv-cache-runs"]);
    assert.deepEqual(refusedWith({ name, kvCacheDtype: "float16" }, "p5.48xlarge", "float16"), []);
  });

  it("is refused by name where no kernel that reads it was measured", () => {
    for (const [kvCacheDtype, why] of [
      ["fp8_inc", /Intel's Gaudi/],
      ["nvfp4", /no measured kernel reads it/],
      ["int8_per_token_head", /no measured kernel reads it/],
    ] as const) {
      assert.throws(() => parseDeployment({ model: { name, kvCacheDtype } }), why, kvCacheDtype);
    }
  });
});
