import assert from "node:assert/strict";
import { findGpu, readModelConfig } from "../../../../lib/catalog";
import { createLatencyModel, engineProfile } from "../../../../lib/performance";
import { kvBytesPerToken } from "../../../../lib/performance/memory/kv-bytes";

const qwen = {
  model_type: "qwen3_next",
  hidden_size: 2048,
  num_hidden_layers: 48,
  num_attention_heads: 16,
  num_key_value_heads: 2,
  head_dim: 256,
  vocab_size: 151_936,
  max_position_embeddings: 262_144,
  full_attention_interval: 4,
  linear_num_key_heads: 16,
  linear_num_value_heads: 32,
  linear_key_head_dim: 128,
  linear_value_head_dim: 128,
  linear_conv_kernel_dim: 4,
  num_experts: 512,
  num_experts_per_tok: 10,
  moe_intermediate_size: 512,
  shared_expert_intermediate_size: 512,
  intermediate_size: 5120,
  decoder_sparse_step: 1,
};

const gemma = {
  model_type: "gemma3_text",
  hidden_size: 5376,
  num_hidden_layers: 62,
  num_attention_heads: 32,
  num_key_value_heads: 16,
  head_dim: 128,
  intermediate_size: 21_504,
  vocab_size: 262_208,
  max_position_embeddings: 131_072,
  sliding_window: 1024,
  sliding_window_pattern: 6,
};

const nemotron = {
  model_type: "nemotron_h",
  hidden_size: 2688,
  hybrid_override_pattern: "MEM*E",
  num_hidden_layers: 5,
  num_attention_heads: 32,
  num_key_value_heads: 2,
  head_dim: 128,
  mamba_num_heads: 64,
  mamba_head_dim: 64,
  n_groups: 8,
  ssm_state_size: 128,
  conv_kernel: 4,
  n_routed_experts: 128,
  num_experts_per_tok: 6,
  moe_intermediate_size: 1856,
  moe_shared_expert_intermediate_size: 3712,
  intermediate_size: 1856,
  vocab_size: 131_072,
  max_position_embeddings: 262_144,
};

const bf16 = (tensorParallel: number) => ({ tensorParallel, kvCacheDtype: "bf16" as const });
const all = (layers: number) => ({ firstLayer: 0, layers });

describe("keys, values and states of a sequence", () => {
  it("count a hybrid's states in pages of its attention, two where prefixes are cached", () => {
    const model = readModelConfig(qwen, "hybrid");
    const perToken = 2 * 256 * 2 * 2;
    // State 32 x 128 x 128 and window of 3 x 8192 in 2 bytes, in whole blocks of 16 tokens of one attention layer.
    const page = Math.ceil((32 * 128 * 128 * 2 + 8192 * 3 * 2) / (16 * perToken)) * 16 * perToken;
    const sequenceTokens = 4096;
    const bytes = (prefixCaching: boolean) =>
      kvBytesPerToken(model, all(48), { ...bf16(1), sequenceTokens, prefixCaching }) * sequenceTokens;
    assert.equal(Math.round(bytes(false)), 12 * perToken * 4096 + 36 * page);
    assert.equal(Math.round(bytes(true)), 12 * perToken * 4096 + 72 * page);
  });

  it("pad Gemma's 52 windowed layers to six groups of the ten others", () => {
    const model = readModelConfig(gemma, "windows");
    const perToken = 2 * 16 * 128 * 2;
    const bytes = kvBytesPerToken(model, all(62), { ...bf16(1), sequenceTokens: 8192 }) * 8192;
    assert.equal(Math.round(bytes), perToken * (10 * 8192 + 60 * 1024));
  });
});

describe("step time of layers of several kinds", () => {
  const gpu = findGpu("H100-SXM-80GB");
  const latencyOf = (config: object, tensorParallel = 1, pipelineParallel = 1) =>
    createLatencyModel({
      model: readModelConfig(config, "kinds"),
      gpu,
      precision: "bf16",
      kvCacheDtype: "bf16",
      tensorParallel,
      pipelineParallel,
      expertParallel: 1,
      sequenceParallel: 1,
      gpusPerNode: 8,
      network: { bytesPerSecondPerGpu: 0, latencyUs: 0 },
      engine: engineProfile("vLLM", { version: "0.33.0" }),
    });
  const decode = (sequences: number, context: number) => ({
    tokens: sequences,
    decodeSequences: sequences,
    decodeContextTokens: sequences * context,
    prefillAttentionMs: 0,
    sampledSequences: sequences,
  });

  it("reads a hybrid's states, whatever the context", () => {
    const model = latencyOf(qwen);
    const short = model.breakdown(decode(256, 64)).attentionMs;
    const long = model.breakdown(decode(256, 8192)).attentionMs;
    // 256 states of 36 layers, 1 MiB each, read and written at 3.35 TB/s: 6 ms at least.
    assert.ok(short > (2 * 256 * 36 * 2 ** 20) / 3.35e9, `${short}`);
    // 12 of 48 layers keep keys and values: 2 KiB a token.
    assert.ok(long - short > (256 * 8000 * 12 * 2048) / 3.35e9, `${long} after ${short}`);
    assert.ok(long - short < 2 * ((256 * 8128 * 12 * 2048) / 3.35e9), `${long} after ${short}`);
  });

  it("takes whole and cut models of the same layers for as long, stage by stage", () => {
    const whole = latencyOf(qwen);
    const cut = latencyOf(qwen, 1, 2);
    const step = decode(32, 2048);
    const stages = cut.stageMs(0, step) + cut.stageMs(1, step);
    assert.ok(Math.abs(stages / whole.stageMs(0, step) - 1) < 0.1, `${stages}`);
  });

  it("prices each of Nemotron-H's half layers by what it is", () => {
    const without = { ...nemotron, hybrid_override_pattern: "ME*", num_hidden_layers: 3 };
    const parts = latencyOf(nemotron).breakdown(decode(64, 1024));
    const fewer = latencyOf(without).breakdown(decode(64, 1024));
    // One attention layer in both; two Mamba layers against one, and as much more of experts.
    assert.ok(parts.gemmMs > 1.9 * fewer.gemmMs - 0.2, `${parts.gemmMs} and ${fewer.gemmMs}`);
    assert.ok(
      parts.attentionMs > fewer.attentionMs && parts.attentionMs < 2 * fewer.attentionMs,
      `parts.attentionMs: ${parts.attentionMs}, fewer.attentionMs: ${fewer.attentionMs}, 2 * fewer.attentionMs: ${2 * fewer.attentionMs}`,
    );
  });
});
