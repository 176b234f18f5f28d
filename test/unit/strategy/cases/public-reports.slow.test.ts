import assert from "node:assert/strict";
import { readModelConfig } from "../../../../lib/catalog";
import { type DeploymentInput, parseDeployment } from "../../../../lib/config";
import { predictCase } from "../../../../lib/performance";
import { type Plan, plan } from "../../../../lib/strategy";

const GIB = 2 ** 30;
/** Targets that no slow machine misses: these cases are about memory and starts. */
const slow = { p50Ms: 60_000, p99Ms: 60_000 };

interface Report {
  readonly gpu: string;
  readonly gpus: number;
  readonly config: object;
  readonly input?: DeploymentInput;
}

/** The plan of a public report: all GPUs of one host in one tensor-parallel group. */
function planned({ gpu, gpus, config, input = {} }: Report): Plan {
  return plan(
    parseDeployment({
      ...input,
      strategy: {
        tensorParallel: gpus,
        pipelineParallel: 1,
        dataParallel: 1,
        expertParallel: 1,
        sequenceParallel: 1,
      },
      model: { name: "somebody/model", configPath: "config.json", ...input.model },
      hardware: { instanceType: "custom", gpu, gpusPerNode: gpus },
      slo: { prefill: slow, firstToken: slow, decode: slow },
      workload: { requestRate: 0.1, simulatedRequests: 100, ...input.workload },
    }),
    { modelConfig: config },
  );
}

const reasons = (result: Plan) => result.chosen.reasons.join("; ");

const dense = (config: object) => ({ tie_word_embeddings: false, ...config });
const qwen30 = {
  model_type: "qwen3_moe",
  num_hidden_layers: 48,
  hidden_size: 2048,
  intermediate_size: 6144,
  moe_intermediate_size: 768,
  num_experts: 128,
  num_experts_per_tok: 8,
  num_attention_heads: 32,
  num_key_value_heads: 4,
  head_dim: 128,
  vocab_size: 151_936,
  max_position_embeddings: 40_960,
  quantization_config: { quant_method: "fp8", weight_block_size: [128, 128] },
};
const gptOss = {
  model_type: "gpt_oss",
  num_hidden_layers: 36,
  hidden_size: 2880,
  intermediate_size: 2880,
  num_attention_heads: 64,
  num_key_value_heads: 8,
  head_dim: 64,
  num_local_experts: 128,
  num_experts_per_tok: 4,
  vocab_size: 201_088,
  max_position_embeddings: 131_072,
  tie_word_embeddings: false,
  attention_bias: true,
  sliding_window: 128,
  layer_types: Array.from({ length: 36 }, (_, layer) => (layer % 2 ? "full_attention" : "sliding_attention")),
  quantization_config: {
    quant_method: "mxfp4",
    modules_to_not_convert: ["model.layers.*.self_attn", "lm_head"],
  },
};
const llama70Awq = {
  ...{ model_type: "llama", num_hidden_layers: 80, hidden_size: 8192, intermediate_size: 28_672 },
  ...{ num_attention_heads: 64, num_key_value_heads: 8, vocab_size: 128_256, max_position_embeddings: 8192 },
  quantization_config: { quant_method: "awq", bits: 4, group_size: 128, zero_point: true },
};
const qwen14 = {
  ...{ model_type: "qwen2", num_hidden_layers: 48, hidden_size: 5120, intermediate_size: 13_824 },
  ...{
    num_attention_heads: 40,
    num_key_value_heads: 8,
    vocab_size: 152_064,
    max_position_embeddings: 131_072,
  },
};
const qwq32 = {
  ...{ model_type: "qwen2", num_hidden_layers: 64, hidden_size: 5120, intermediate_size: 27_648 },
  ...{
    num_attention_heads: 40,
    num_key_value_heads: 8,
    vocab_size: 152_064,
    max_position_embeddings: 40_960,
  },
};
const qwen72 = {
  ...{ model_type: "qwen2", num_hidden_layers: 80, hidden_size: 8192, intermediate_size: 29_568 },
  ...{
    num_attention_heads: 64,
    num_key_value_heads: 8,
    vocab_size: 152_064,
    max_position_embeddings: 32_768,
  },
};
const gemma27 = {
  model_type: "gemma3",
  text_config: {
    ...{ model_type: "gemma3_text", num_hidden_layers: 62, hidden_size: 5376, intermediate_size: 21_504 },
    ...{ num_attention_heads: 32, num_key_value_heads: 16, head_dim: 128, sliding_window: 1024 },
  },
  vision_config: { model_type: "siglip_vision_model", hidden_size: 1152, num_hidden_layers: 27 },
};

describe("public reports", function () {
  this.timeout(600_000);

  describe("FP8 experts cut through a block (vllm-project/vllm#25292)", () => {
    const at = (vllmVersion: string, gpus: number) =>
      planned({ gpu: "H100-SXM-80GB", gpus, config: qwen30, input: { serving: { vllmVersion } } });

    it("are refused before vLLM 0.33, with the reason", () => {
      const result = at("0.32.0", 4);
      assert.ok(!result.chosen.feasible, `result.chosen.feasible: ${result.chosen.feasible}`);
      assert.match(reasons(result), /768 columns over 4 ranks are 192, which leaves 64/);
    });
    it("start at TP2, and at TP4 since 0.33", () => {
      assert.ok(at("0.32.0", 2).chosen.feasible, 'not so: at("0.32.0", 2).chosen.feasible');
      assert.ok(at("0.33.0", 4).chosen.feasible, 'not so: at("0.33.0", 4).chosen.feasible');
    });
  });

  describe("Llama 3 70B AWQ on four A10G (vllm-project/vllm#2248)", () => {
    it("takes about 10 GB a GPU and runs, by its config.json or with its method said", () => {
      for (const model of [{}, { precision: "awq" as const }]) {
        const result = planned({ gpu: "A10G-24GB", gpus: 4, config: llama70Awq, input: { model } });
        assert.ok(result.chosen.feasible, reasons(result));
        assert.ok(
          Math.abs(result.memoryPerGpu.weightsBytes / 10e9 - 1) < 0.05,
          `Math.abs(result.memoryPerGpu.weightsBytes / 10e9 - 1): ${Math.abs(result.memoryPerGpu.weightsBytes / 10e9 - 1)}`,
        );
      }
    });
    it("is refused as GPTQ, and AWQ of a 16-bit checkpoint is too, each in one line", () => {
      const as = (precision: "gptq" | "awq", config: object) => () =>
        planned({ gpu: "A10G-24GB", gpus: 4, config, input: { model: { precision } } });
      assert.throws(as("gptq", llama70Awq), /is stored by awq \(int4\), and vLLM loads gptq only from/);
      assert.throws(as("awq", dense(qwen14)), /is stored in 16 bits, and vLLM loads awq only from/);
    });
  });

  it("DeepSeek-R1-Distill-Qwen-14B on two RTX 4090 (vllm-project/vllm#13061): 8.69 GiB of KV, no 131,072 tokens", () => {
    const result = planned({
      ...{ gpu: "RTX-4090-24GB", gpus: 2, config: dense(qwen14) },
      input: {
        serving: { gpuMemoryUtilization: 0.98, vllmVersion: "0.7.2", maxNumSeqs: 8 },
        envelope: { maxModelLen: 131_072 },
      },
    });
    assert.ok(!result.chosen.feasible, `result.chosen.feasible: ${result.chosen.feasible}`);
    assert.match(reasons(result), /no sequence of 131,072 tokens/);
    assert.ok(
      Math.abs(result.memoryPerGpu.weightsBytes / GIB / 13.9476 - 1) < 0.02,
      `Math.abs(result.memoryPerGpu.weightsBytes / GIB / 13.9476 - 1): ${Math.abs(result.memoryPerGpu.weightsBytes / GIB / 13.9476 - 1)}`,
    );
    assert.ok(
      Math.abs(result.memoryPerGpu.kvCacheBytes / GIB / 8.69 - 1) < 0.1,
      `Math.abs(result.memoryPerGpu.kvCacheBytes / GIB / 8.69 - 1): ${Math.abs(result.memoryPerGpu.kvCacheBytes / GIB / 8.69 - 1)}`,
    );
  });

  describe("gpt-oss-120b on one H100 (vllm-project/vllm#27508, #23278, #33155)", () => {
    const at = (vllmVersion: string, limits: { utilization: number; tokens: number; sequences: number }) =>
      planned({
        ...{ gpu: "H100-SXM-80GB", gpus: 1, config: gptOss },
        input: {
          serving: {
            vllmVersion,
            gpuMemoryUtilization: limits.utilization,
            maxNumBatchedTokens: limits.tokens,
            maxNumSeqs: limits.sequences,
          },
          envelope: { maxModelLen: 131_072, maxNumSeqs: 1024 },
        },
      });

    it("does not start at the defaults of 0.10.1: 65.97 GiB of weights and -2.14 GiB of KV cache", () => {
      const result = at("0.10.1", { utilization: 0.9, tokens: 8192, sequences: 1024 });
      const { weightsBytes, kvCacheBytes } = result.memoryPerGpu;
      assert.ok(!result.chosen.feasible, `result.chosen.feasible: ${result.chosen.feasible}`);
      assert.ok(Math.abs(weightsBytes / GIB / 65.9651 - 1) < 0.002, `${weightsBytes / GIB}`);
      assert.ok(Math.abs(kvCacheBytes / GIB + 2.14) < 0.5, `${kvCacheBytes / GIB}`);
    });
    it("has 1.71 GiB at 95 % and 1,024 batched tokens, which is too little for the full context", () => {
      const result = at("0.10.1", { utilization: 0.95, tokens: 1024, sequences: 1024 });
      assert.ok(!result.chosen.feasible, `result.chosen.feasible: ${result.chosen.feasible}`);
      assert.ok(
        Math.abs(result.memoryPerGpu.kvCacheBytes / GIB - 1.71) < 0.5,
        `Math.abs(result.memoryPerGpu.kvCacheBytes / GIB - 1.71): ${Math.abs(result.memoryPerGpu.kvCacheBytes / GIB - 1.71)}`,
      );
      assert.match(reasons(result), /no sequence of 131,072 tokens/);
    });
    it("has 64.38 GiB of weights in 0.14.1, which keeps scales in two layouts", () => {
      const { weightsBytes } = at("0.14.1", { utilization: 0.9, tokens: 5120, sequences: 128 }).memoryPerGpu;
      assert.ok(Math.abs(weightsBytes / GIB / 64.38 - 1) < 0.005, `${weightsBytes / GIB}`);
    });
  });

  it("gemma-3-27b-it at TP3 (gpustack/gpustack#2259): 32 heads do not divide by 3, TP4 runs", () => {
    const at = (gpus: number) => planned({ gpu: "L40S-48GB", gpus, config: gemma27 });
    assert.match(reasons(at(3)), /The 32 attention heads do not divide evenly over 3 tensor-parallel ranks/);
    assert.ok(at(4).chosen.feasible, "not so: at(4).chosen.feasible");
  });

  describe("latency", () => {
    const row = {
      ...{ id: "row", engine: "vLLM", model: "somebody/model", precision: "bf16", arrivals: "closed" },
    };
    const predicted = (cells: Record<string, string>, config: object) => {
      const result = predictCase({ ...row, ...cells }, { model: readModelConfig(config, "somebody/model") });
      assert.ok("itl_ms_mean" in result, JSON.stringify(result));
      return result;
    };
    const within = (value: number | null, truth: number, share: number) =>
      assert.ok(value !== null && Math.abs(value / truth - 1) < share, `${value} against ${truth}`);

    it("of Qwen2.5-72B on two H100 (tenstorrent/tt-inference-server#143)", () => {
      for (const [isl, firstToken] of [
        [128, 41.1],
        [1024, 129.2],
        [4096, 505.1],
        [8192, 1063.8],
      ] as const) {
        const cells = {
          ...{
            gpu: "H100-SXM-80GB",
            tp: "2",
            isl: `${isl}`,
            osl: "128",
            concurrency: "1",
            num_requests: "8",
          },
          ...{ gpu_memory_utilization: "0.95", max_num_seqs: "256" },
        };
        const result = predicted(cells, dense(qwen72));
        within(result.itl_ms_mean, 31, 0.08);
        within(result.ttft_ms_p50, firstToken, 0.18);
      }
    });

    it("of QwQ-32B on A100 with vLLM 0.7.2, TP 2 to 8, one and 16 clients (vllm-project/vllm#16300)", () => {
      for (const [tp, concurrency, truth] of [
        [2, 1, 27.5],
        [4, 1, 19.6],
        [8, 1, 15.8],
        [2, 16, 30.4],
        [4, 16, 23.9],
        [8, 16, 21.3],
      ] as const) {
        const cells = {
          ...{ gpu: "A100-SXM-80GB", tp: `${tp}`, isl: "1", osl: "200", concurrency: `${concurrency}` },
          ...{ engine_version: "0.7.2", num_requests: `${2 * concurrency}` },
        };
        within(predicted(cells, dense(qwq32)).itl_ms_mean, truth, 0.2);
      }
    });
  });
});
