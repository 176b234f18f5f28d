import assert from "node:assert/strict";
import { findModel } from "../../../../lib/catalog";
import type { DeploymentInput } from "../../../../lib/config";
import { adapterBytes } from "../../../../lib/performance/memory/lora-memory";
import { vllmArguments } from "../../../../lib/serving";
import { structuralRequirements } from "../../../../lib/strategy/requirements/validate";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment, referencePins } from "../a-deployment";
import { pinnedPlan } from "../pinned-plan";

const ALL = { maxLoras: 1, maxRank: 16, fullySharded: false, targetModules: [] } as const;

function slot(name: string, tensorParallel: number, adapters: object = {}, expertParallel = 1): number {
  const model = findModel(name);
  return adapterBytes(
    model,
    {
      precision: "bf16",
      tensorParallel,
      expertParallel,
      layers: model.layers,
      isFirstStage: true,
      isLastStage: true,
    },
    { ...ALL, ...adapters },
  );
}

function missed(
  change: DeploymentInput,
  strategy: Partial<typeof referencePins> | Record<string, number> = {},
) {
  const situation = readSituation(aDeployment(change));
  return structuralRequirements(situation, { ...referencePins, gpus: 8, ...strategy })
    .filter(
      ({ id, value, limit, bound }) =>
        id.startsWith("lora") && (bound === "most" ? value > limit : value < limit),
    )
    .map(({ id }) => id);
}

describe("LoRA adapters", () => {
  it("take 41,943,040 parameters a slot at rank 16 on all linear modules of Llama-3-8B, as peft prints", () => {
    const linear = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"];
    assert.equal(slot("meta-llama/Meta-Llama-3-8B-Instruct", 1, { targetModules: linear }), 2 * 41_943_040);
    // vLLM's class adapts embedding and output projection too, unless it is told which modules.
    const ends = 2 * 16 * (128_256 + 4096);
    assert.equal(slot("meta-llama/Meta-Llama-3-8B-Instruct", 1), 2 * (41_943_040 + ends));
  });

  it("are named by the module or by what is packed into it", () => {
    const of = (...targetModules: string[]) =>
      slot("meta-llama/Meta-Llama-3-8B-Instruct", 1, { targetModules });
    assert.equal(of("q_proj"), of("qkv_proj"), "a packed module is adapted as a whole");
    // 32 layers: q 4096 -> 4096, k and v 4096 -> 1024.
    assert.equal(of("qkv_proj"), 2 * 32 * 16 * (3 * 4096 + 4096 + 2 * 1024));
  });

  it("are cut on one side over the ranks, on both when fully sharded", () => {
    const only = { targetModules: ["down_proj"] };
    // A reads 14336 / TP columns, B writes 4096: whole, or cut.
    assert.equal(slot("meta-llama/Meta-Llama-3-8B-Instruct", 4, only), 2 * 32 * 16 * (14_336 / 4 + 4096));
    assert.equal(
      slot("meta-llama/Meta-Llama-3-8B-Instruct", 4, { ...only, fullySharded: true }),
      2 * 32 * 16 * (14_336 / 4 + 4096 / 4),
    );
  });

  it("come once for each expert that a rank holds", () => {
    const only = { targetModules: ["experts"] };
    const { experts, hiddenSize, layers } = findModel("Qwen/Qwen3-30B-A3B");
    const width = experts?.intermediateSize ?? 0;
    const each = 16 * (3 * hiddenSize + 3 * width);
    assert.equal(slot("Qwen/Qwen3-30B-A3B", 1, only), 2 * layers * 128 * each);
    assert.equal(slot("Qwen/Qwen3-30B-A3B", 8, only, 8), 2 * layers * 16 * each, "spread over 8 ranks");
    // gpt-oss's adapters read the input once for gate and up projection.
    const oss = findModel("openai/gpt-oss-20b");
    const fused = 16 * (2 * oss.hiddenSize + 3 * (oss.experts?.intermediateSize ?? 0));
    assert.equal(slot("openai/gpt-oss-20b", 1, only), 2 * oss.layers * 32 * fused);
  });

  it("are said to vLLM with their memory in the plan, and widen its bands", () => {
    const lora = { maxLoras: 4, maxRank: 32 } as const;
    const [plain, adapted] = [pinnedPlan({}), pinnedPlan({ serving: { lora } })];
    const more = adapted.memoryPerGpu.weightsBytes - plain.memoryPerGpu.weightsBytes;
    assert.equal(more, 4 * slot("meta-llama/Meta-Llama-3-70B-Instruct", 8, { maxRank: 32 }));
    const line = vllmArguments(adapted).join(" ");
    assert.match(line, /--enable-lora --max-loras 4 --max-lora-rank 32/);
    assert.ok(!vllmArguments(plain).join(" ").includes("lora"), "nothing is said without adapters");
    assert.match(adapted.bandSources?.decode ?? "", /no published figure of such a setup/);
  });

  it("are refused where vLLM refuses them", () => {
    const serving = { lora: { maxLoras: 1 } } as const;
    assert.deepEqual(missed({ serving }), []);
    assert.deepEqual(missed({ serving: { ...serving, vllmVersion: "0.28.0" } }), ["lora-version"]);
    assert.deepEqual(missed({ model: { name: "moonshotai/Kimi-K2.5" }, serving }), ["lora-model"]);
    assert.deepEqual(missed({ serving: { lora: { maxLoras: 1, maxRank: 1, fullySharded: true } } }), [
      "lora-sharding",
    ]);
    const sharded = {
      model: { name: "Qwen/Qwen3-30B-A3B" },
      serving: { lora: { maxLoras: 1, fullySharded: true } },
    };
    assert.deepEqual(missed(sharded, { expertParallel: 8 }), ["lora-experts"]);
    const shared = { model: { name: "Qwen/Qwen3-30B-A3B" }, serving };
    assert.deepEqual(missed(shared, { tensorParallel: 4, dataParallel: 2, expertParallel: 8 }), [
      "lora-expert-replicas",
    ]);
    assert.deepEqual(missed(shared, { tensorParallel: 1, dataParallel: 8, expertParallel: 8 }), []);
  });
});
