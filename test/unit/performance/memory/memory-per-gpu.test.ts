import assert from "node:assert/strict";
import fc from "fast-check";
import { findGpu, findModel } from "../../../../lib/catalog";
import { engineProfile, type MemoryInput, replicaMemory } from "../../../../lib/performance";
import { kvBytesPerToken } from "../../../../lib/performance/memory/kv-bytes";

const GIB = 2 ** 30;

/** Llama-3.3-70B in FP8 on two H100 with vLLM 0.11 at its defaults: what a test does not vary. */
function memory(changes: Partial<MemoryInput> = {}) {
  return replicaMemory({
    model: findModel("Llama-3.3-70B-Instruct"),
    gpu: findGpu("H100-SXM-80GB"),
    precision: "fp8",
    kvCacheDtype: "bf16",
    tensorParallel: 2,
    pipelineParallel: 1,
    expertParallel: 1,
    sequenceParallel: 1,
    engine: engineProfile("vLLM", { version: "0.11.0" }),
    gpuMemoryUtilization: 0.9,
    maxNumSeqs: 1024,
    maxNumBatchedTokens: 8192,
    ...changes,
  });
}

const bf16 = { model: findModel("Llama-3.1-70B-Instruct"), precision: "bf16" } as const;

describe("memory of a replica", () => {
  it("reproduces the parts that vLLM 0.11 logged for 70B FP8 at TP 2", () => {
    const { tightest } = memory();
    // llm-d-benchmark empirical-vllm-memory-results.md: 33.88 weights, 4.84 activation, 0.55 non-torch, 32.0 KV GiB.
    assert.ok(
      Math.abs(tightest.weightsBytes / GIB - 33.88) < 0.1,
      `Math.abs(tightest.weightsBytes / GIB - 33.88): ${Math.abs(tightest.weightsBytes / GIB - 33.88)}`,
    );
    assert.ok(
      Math.abs(tightest.activationBytes / GIB - 4.84) < 0.1,
      `Math.abs(tightest.activationBytes / GIB - 4.84): ${Math.abs(tightest.activationBytes / GIB - 4.84)}`,
    );
    assert.ok(
      Math.abs(tightest.kvCacheBytes / GIB - 32.0) < 0.1,
      `Math.abs(tightest.kvCacheBytes / GIB - 32.0): ${Math.abs(tightest.kvCacheBytes / GIB - 32.0)}`,
    );
  });

  it("leaves a negative cache where vLLM refused to start: 70B FP8 on one GPU", () => {
    const { tightest, kvCacheTokens } = memory({ tensorParallel: 1 });
    assert.ok(
      Math.abs(tightest.kvCacheBytes / GIB - -1.44) < 0.2,
      `Math.abs(tightest.kvCacheBytes / GIB - -1.44): ${Math.abs(tightest.kvCacheBytes / GIB - -1.44)}`,
    ); // logged: -1.44 GiB
    assert.equal(kvCacheTokens, 0);
  });

  it("comes within 1 % of the blocks of a real run with 128 sequences and 2048 batched tokens", () => {
    const limits = { tensorParallel: 4, maxNumSeqs: 128, maxNumBatchedTokens: 2048 } as const;
    const tokens = memory({ ...bf16, ...limits }).kvCacheTokens;
    assert.ok(Math.abs(tokens / 486_800 - 1) < 0.01, `${tokens} tokens`); // 30425 blocks of 16
  });

  it("holds the pool that four starved closed-loop rows agree on, 228 000 tokens, within 2 %", () => {
    const tokens = memory({ maxNumSeqs: 64 }).kvCacheTokens;
    assert.ok(Math.abs(tokens / 228_000 - 1) < 0.02, `${tokens} tokens`);
  });

  it("adds up: weights, activations, overheads and cache are what the engine may use", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4, 8),
        fc.constantFrom(1, 2, 4),
        fc.integer({ min: 1, max: 1024 }),
        fc.constantFrom("vLLM" as const, "TensorRT-LLM" as const, "NIM" as const),
        (tensorParallel, pipelineParallel, maxNumSeqs, name) => {
          const engine = engineProfile(name, { version: "0.20" });
          const replica = memory({ ...bf16, tensorParallel, pipelineParallel, maxNumSeqs, engine });
          for (const gpu of replica.stages) {
            const parts =
              gpu.weightsBytes +
              gpu.activationBytes +
              gpu.nonTorchBytes +
              gpu.cudaGraphBytes +
              gpu.kvCacheBytes;
            assert.ok(
              Math.abs(parts - gpu.usableBytes) < 1,
              `Math.abs(parts - gpu.usableBytes): ${Math.abs(parts - gpu.usableBytes)}`,
            );
            assert.ok(
              gpu.kvCacheBytesLow <= gpu.kvCacheBytes && gpu.kvCacheBytes <= gpu.kvCacheBytesHigh,
              `gpu.kvCacheBytesLow: ${gpu.kvCacheBytesLow}, gpu.kvCacheBytes: ${gpu.kvCacheBytes}, gpu.kvCacheBytesHigh: ${gpu.kvCacheBytesHigh}`,
            );
          }
          assert.ok(
            replica.kvCacheTokensLow <= replica.kvCacheTokens,
            `replica.kvCacheTokensLow: ${replica.kvCacheTokensLow}, replica.kvCacheTokens: ${replica.kvCacheTokens}`,
          );
          assert.ok(
            replica.kvCacheTokens <= replica.kvCacheTokensHigh,
            `replica.kvCacheTokens: ${replica.kvCacheTokens}, replica.kvCacheTokensHigh: ${replica.kvCacheTokensHigh}`,
          );
        },
      ),
    );
  });

  it("cuts the weights by stage and rank without losing a byte", () => {
    const whole = memory({ ...bf16, tensorParallel: 1 }).tightest.weightsBytes;
    for (const [tensorParallel, pipelineParallel] of [
      [8, 1],
      [4, 2],
      [2, 4],
      [1, 8],
    ] as const) {
      const { stages } = memory({ ...bf16, tensorParallel, pipelineParallel });
      const sum = stages.reduce((total, gpu) => total + gpu.weightsBytes * tensorParallel, 0);
      // Norms are replicated on every rank: 80 layers x 2 x 8192 x 2 bytes, a few MB of 141 GB.
      assert.ok(sum >= whole && sum < whole * 1.001, `TP ${tensorParallel} PP ${pipelineParallel}`);
    }
  });

  it("caches latent attention as such where only the shape of a model is known, however many ranks there are", () => {
    const latentAttention = { keyValueRank: 512, ropeHeadDim: 64, queryHeadDim: 192, valueHeadDim: 128 };
    const shape = { ...bf16.model, latentAttention };
    for (const tensorParallel of [1, 8]) {
      const bytes = kvBytesPerToken(
        shape,
        { firstLayer: 0, layers: 61 },
        { tensorParallel, kvCacheDtype: "bf16" },
      );
      // DeepSeek V3 and Kimi: 61 layers x (512 + 64) values x 2 bytes
      assert.equal(bytes, 70_272);
    }
  });

  it("replicates KV heads beyond their number", () => {
    const perToken = (tensorParallel: number) => memory({ ...bf16, tensorParallel }).tightest.kvBytesPerToken;
    // 2 x 80 layers x 128 x 2 bytes = 40 KiB for one head; Llama-3 has 8 heads.
    assert.equal(perToken(8), 40 * 1024);
    assert.equal(perToken(16), 40 * 1024);
    assert.equal(perToken(2), 160 * 1024);
  });

  it("never gives less room for more utilization, more GPUs or fewer sequences", () => {
    const tokens = (changes: Partial<MemoryInput>) => memory(changes).kvCacheTokens;
    assert.ok(
      tokens({ gpuMemoryUtilization: 0.95 }) > tokens({ gpuMemoryUtilization: 0.9 }),
      "not so: tokens({ gpuMemoryUtilization: 0.95 }) > tokens({ gpuMemoryUtilization: 0.9 })",
    );
    assert.ok(
      tokens({ tensorParallel: 4 }) > tokens({ tensorParallel: 2 }),
      "not so: tokens({ tensorParallel: 4 }) > tokens({ tensorParallel: 2 })",
    );
    assert.ok(
      tokens({ maxNumSeqs: 64 }) > tokens({ maxNumSeqs: 1024 }),
      "not so: tokens({ maxNumSeqs: 64 }) > tokens({ maxNumSeqs: 1024 })",
    );
    assert.ok(
      tokens({ kvCacheDtype: "fp8" }) > tokens({ kvCacheDtype: "bf16" }),
      'not so: tokens({ kvCacheDtype: "fp8" }) > tokens({ kvCacheDtype: "bf16" })',
    );
  });

  it("charges CUDA graphs only from the version that does", () => {
    const graphs = (version: string) =>
      memory({ engine: engineProfile("vLLM", { version }) }).tightest.cudaGraphBytes;
    assert.equal(graphs("0.15.1"), 0);
    assert.ok(graphs("0.33.0") > 0, 'not so: graphs("0.33.0") > 0');
  });

  it("keeps the activations of shared experts beside those of the routed ones", () => {
    const model = findModel("Mixtral-8x7B");
    const { experts } = model;
    if (!experts) return assert.fail("Mixtral has experts");
    const activations = (shared: number) =>
      memory({ model: { ...model, experts: { ...experts, shared } }, precision: "bf16", maxNumSeqs: 1 })
        .tightest.activationBytes;
    // 8192 tokens x 2 bytes x 6 copies x 14336 / TP 2
    assert.equal(activations(3) - activations(2), (8192 * 2 * 6 * 14_336) / 2);
  });
});
