import assert from "node:assert/strict";
import type { DeploymentInput } from "../../../../lib/config";
import { communicationBytes, replicaMemory } from "../../../../lib/performance";
import { vllmArguments } from "../../../../lib/serving";
import { communicationInput } from "../../../../lib/strategy/replica/communicate";
import { memoryInput } from "../../../../lib/strategy/replica/fit-memory";
import { stepModelsOf } from "../../../../lib/strategy/replica/replica";
import { structuralRequirements } from "../../../../lib/strategy/requirements/validate";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment, referencePins } from "../a-deployment";
import { pinnedPlan } from "../pinned-plan";

const H200 = { instanceType: "custom", gpu: "H200-SXM-141GB", gpusPerNode: 8 } as const;
const V3 = { name: "deepseek-ai/DeepSeek-V3" } as const;
const TP8 = { ...referencePins, gpus: 8 } as const;

const situationOf = (decodeContextParallel: number, change: DeploymentInput = {}) =>
  readSituation(
    aDeployment({
      model: V3,
      hardware: H200,
      ...change,
      serving: { ...change.serving, decodeContextParallel },
    }),
  );

const SERVING = {
  maxNumSeqs: 128,
  maxNumBatchedTokens: 2048,
  maxModelLen: 8192,
  gpuMemoryUtilization: 0.85,
  cudaGraphs: { largestTokens: 256, stride: 16 },
  prefillInterval: 1,
  watermark: 0,
} as const;

const tokensWith = (ranks: number) =>
  replicaMemory(memoryInput(situationOf(ranks), TP8, SERVING)).kvCacheTokens;

function missed(ranks: number, change: DeploymentInput = {}, strategy = {}): string[] {
  return structuralRequirements(situationOf(ranks, change), { ...TP8, ...strategy })
    .filter(
      ({ id, value, limit, bound }) =>
        /^context/.test(id) && (bound === "most" ? value > limit : value < limit),
    )
    .map(({ id }) => id);
}

describe("decode context parallelism", () => {
  it("makes the cache hold as many times the tokens as ranks share it", () => {
    const one = tokensWith(1);
    for (const ranks of [2, 4, 8]) {
      const ratio = tokensWith(ranks) / one;
      assert.ok(Math.abs(ratio / ranks - 1) < 0.001, `${ratio} times the tokens with ${ranks} ranks`);
    }
  });

  it("shortens reading a long cache and costs exchanges over a short one", () => {
    const step = (sequences: number, context: number) => ({
      tokens: sequences,
      decodeSequences: sequences,
      decodeContextTokens: sequences * context,
      prefillAttentionMs: 0,
      sampledSequences: sequences,
    });
    const stepMs = (ranks: number) => {
      const model = stepModelsOf(situationOf(ranks), TP8)({ largestTokens: 512, stride: 16 });
      return (sequences: number, context: number) => model.stageMs(0, step(sequences, context));
    };
    const [plain, shared] = [stepMs(1), stepMs(8)];
    assert.ok(
      shared(64, 60_000) < 0.7 * plain(64, 60_000),
      `${shared(64, 60_000)} and ${plain(64, 60_000)} ms, long`,
    );
    assert.ok(shared(4, 200) > plain(4, 200), `${shared(4, 200)} and ${plain(4, 200)} ms, short`);
  });

  it("counts queries and results of every decoding token once for each rank of the group", () => {
    const bytes = (ranks: number, decodes: boolean) =>
      communicationBytes({ ...communicationInput(situationOf(ranks), TP8), decodes }, 1).sentPerGpu;
    // 128 heads of TP8: 16 a rank, 128 in a group of 8; queries of 576 in 2 bytes and a sum of 4, results of 512 in 2 bytes.
    const perLayer = (7 / 8) * 128 * (576 * 2 + 4 + 512 * 2);
    assert.ok(
      Math.abs((bytes(8, true) - bytes(1, true)) / (61 * perLayer) - 1) < 1e-9,
      `${bytes(8, true) - bytes(1, true)} bytes`,
    );
    assert.equal(bytes(8, false), bytes(1, false), "prompts exchange nothing more");
  });

  it("takes the degrees that vLLM takes", () => {
    assert.deepEqual(missed(8), []);
    assert.deepEqual(missed(3), ["context-divides"]);
    // vllm/config/model.py: TP beyond the key-value heads, at most TP over them.
    assert.deepEqual(missed(2, { model: { name: "meta-llama/Meta-Llama-3-70B-Instruct" } }), [
      "context-copies",
    ]);
    assert.deepEqual(missed(2, { model: { name: "Qwen/Qwen3-235B-A22B" } }), []);
    assert.deepEqual(missed(4, { model: { name: "Qwen/Qwen3-235B-A22B" } }), ["context-copies"]);
    assert.deepEqual(missed(2, { model: { name: "deepseek-ai/DeepSeek-V3.2" } }), ["context-attention"]);
    assert.deepEqual(missed(2, { serving: { vllmVersion: "0.28.0" } }), ["context-version"]);
    // v1/attention/backends of 0.33.0: Triton's kernels for latent attention take it on every GPU, for grouped ones FlashAttention's.
    const on = (gpu: string) => ({ hardware: { ...H200, gpu } });
    assert.deepEqual(missed(2, on("A100-SXM-80GB")), []);
    const grouped = { model: { name: "Qwen/Qwen3-235B-A22B" } };
    assert.deepEqual(missed(2, { ...on("A100-SXM-80GB"), ...grouped }), []);
    assert.deepEqual(missed(2, { ...on("T4-16GB"), ...grouped }), ["context-kernel"]);
    const drafts = { speculative: { method: "mtp", acceptance: 0.7 } } as const;
    assert.deepEqual(missed(2, { serving: drafts }), ["context-drafts"]);
  });

  it("is said to vLLM, and its bands are those of what nobody has measured", () => {
    const made = pinnedPlan({
      model: { name: "Qwen/Qwen3-30B-A3B" },
      serving: { decodeContextParallel: 2 },
    });
    assert.match(vllmArguments(made).join(" "), /--decode-context-parallel-size 2/);
    assert.match(made.bandSources?.decode ?? "", /no published figure of such a setup/);
    assert.ok(made.memoryPerGpu.kvCacheTokens > 0, `${made.memoryPerGpu.kvCacheTokens} tokens`);
  });
});
