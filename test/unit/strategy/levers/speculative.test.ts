import assert from "node:assert/strict";
import type { DeploymentInput } from "../../../../lib/config";
import { acceptanceOf, memoryPerGpu, tokensPerStep } from "../../../../lib/performance";
import { vllmArguments } from "../../../../lib/serving";
import type { Plan } from "../../../../lib/strategy";
import { memoryInput } from "../../../../lib/strategy/replica/fit-memory";
import { stepModelsOf } from "../../../../lib/strategy/replica/replica";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment, referencePins } from "../a-deployment";
import { pinnedPlan } from "../pinned-plan";

const MTP = { method: "mtp", draftTokens: 1, acceptance: 0.8 } as const;
const SMALL = {
  method: "draft_model",
  model: "Qwen/Qwen3-0.6B",
  draftTokens: 3,
  acceptance: 0.7,
} as const;
const TARGET = { name: "Qwen/Qwen3-32B" } as const;

function planned(change: DeploymentInput): Plan {
  return pinnedPlan({ model: TARGET, ...change });
}

const missed = (change: DeploymentInput) =>
  planned(change)
    .violations.map(({ check }) => check)
    .filter((check) => /draft|speculative|module|holds-seq/.test(check));

describe("speculative decoding", () => {
  it("brings (1 - p^(k+1)) / (1 - p) tokens a step, and a stated length is that of some p", () => {
    assert.ok(
      Math.abs(tokensPerStep({ draftTokens: 3, acceptance: 0.7 }) - (1 - 0.7 ** 4) / 0.3) < 1e-12,
      "0.7, 3",
    );
    assert.equal(tokensPerStep({ draftTokens: 5, acceptance: 1 }), 6);
    assert.equal(tokensPerStep({ draftTokens: 5, acceptance: 0 }), 1);
    for (const length of [1, 1.8, 3.2, 4]) {
      const draftTokens = 3;
      const back = tokensPerStep({ draftTokens, acceptance: acceptanceOf(length, draftTokens) });
      assert.ok(Math.abs(back - length) < 1e-9, `${back} for ${length}`);
    }
  });

  it("takes the memory of the drafter's weights, cut over the ranks, and of its cache", () => {
    const serving = planned({}).serving;
    const strategy = planned({}).strategy;
    const of = (speculative: object) => {
      const situation = readSituation(aDeployment({ model: TARGET, serving: { speculative } }));
      return memoryPerGpu(memoryInput(situation, strategy, serving), 0);
    };
    const [plain, drafted] = [of({}), of(SMALL)];
    // Qwen3-0.6B: 28 layers of 8 KV heads of 128; 0.596 B parameters, embedding tied. On 8 ranks each has one KV head.
    const more = drafted.weightsBytes - plain.weightsBytes;
    assert.ok(Math.abs((8 * more) / (2 * 0.596e9) - 1) < 0.005, `${(8 * more) / 2} parameters`);
    assert.equal(drafted.kvBytesPerToken - plain.kvBytesPerToken, 28 * 2 * 128 * 2);
  });

  it("takes the model's step of k + 1 tokens for each sequence, and k passes of the drafter", () => {
    const input = (speculative: object) => {
      const situation = readSituation(aDeployment({ model: TARGET, serving: { speculative } }));
      return stepModelsOf(situation, { ...referencePins, gpus: 8 })({ largestTokens: 512, stride: 16 });
    };
    const [plain, drafted] = [input({}), input(SMALL)];
    const step = (tokens: number, sequences: number) => ({
      tokens,
      decodeSequences: sequences,
      decodeContextTokens: sequences * 1000,
      prefillAttentionMs: 0,
      sampledSequences: tokens,
    });
    const verified = plain.stageMs(0, step(128, 32));
    const all = drafted.stageMs(0, { ...step(32, 32), sampledSequences: 32 });
    assert.ok(all > verified, `${all} ms with drafts, ${verified} ms to verify 128 tokens`);
    // Three passes of 28 layers beside one of 64: of far smaller products, and of as many launches and all-reduces a layer.
    assert.ok(
      all - verified < ((3 * 28) / 64) * verified,
      `${all - verified} ms of drafting beside ${verified} ms`,
    );
    const parts = drafted.breakdown(step(32, 32));
    const sum = Object.entries(parts).reduce(
      (total, [part, ms]) => (part === "totalMs" ? total : total + ms),
      0,
    );
    assert.ok(Math.abs(sum / parts.totalMs - 1) < 1e-9, `${sum} of ${parts.totalMs}`);
  });

  it("is said to vLLM in one flag, and its bands are those of what nobody has measured", () => {
    const made = planned({
      model: { name: "XiaomiMiMo/MiMo-7B-Base" },
      hardware: { instanceType: "custom", gpu: "H100-SXM-80GB", gpusPerNode: 1 },
      strategy: { tensorParallel: 1 },
      serving: { speculative: MTP },
    });
    const args = vllmArguments(made);
    const said = args[args.indexOf("--speculative-config") + 1] ?? "";
    assert.deepEqual(JSON.parse(said), { method: "mtp", num_speculative_tokens: 1 });
    assert.match(made.bandSources?.decode ?? "", /no published figure of such a setup/);
  });

  it("names the folder into which the drafter's weights are fetched", () => {
    const args = vllmArguments(planned({ serving: { speculative: SMALL } }));
    const said = args[args.indexOf("--speculative-config") + 1] ?? "";
    assert.match(JSON.parse(said).model, /\/models\/Qwen--Qwen3-0\.6B@main$/);
    const own = { ...SMALL, location: "/srv/draft" };
    const given = vllmArguments(planned({ serving: { speculative: own } }));
    assert.match(given[given.indexOf("--speculative-config") + 1] ?? "", /"model":"\/srv\/draft"/);
  });

  it("pays where many drafts are accepted and no rate presses, and costs where none is", () => {
    const alone = {
      tokens: 1,
      decodeSequences: 1,
      decodeContextTokens: 1000,
      prefillAttentionMs: 0,
      sampledSequences: 1,
    };
    const speed = (speculative: object) => {
      const situation = readSituation(aDeployment({ model: TARGET, serving: { speculative } }));
      const model = stepModelsOf(situation, { ...referencePins, gpus: 8 })({
        largestTokens: 512,
        stride: 16,
      });
      const perStep = model.speculation ? tokensPerStep(model.speculation) : 1;
      return (1000 * perStep) / model.breakdown(alone).totalMs;
    };
    const [plain, drafted, useless] = [
      speed({}),
      speed({ ...SMALL, acceptance: 0.9 }),
      speed({ ...SMALL, acceptance: 0 }),
    ];
    assert.ok(drafted > 1.2 * plain, `${drafted} tokens a second with drafts, ${plain} without`);
    assert.ok(useless < plain, `${useless} tokens a second where no draft is accepted, ${plain} without`);
  });

  it("is refused for what vLLM refuses, and for versions that were not read", () => {
    const small = { speculative: SMALL };
    assert.deepEqual(missed({ serving: small }), []);
    assert.deepEqual(missed({ serving: { ...small, vllmVersion: "0.28.0" } }), ["speculative-version"]);
    assert.deepEqual(missed({ serving: { speculative: { ...SMALL, model: "openai/gpt-oss-20b" } } }), [
      "draft-vocabulary",
    ]);
    assert.deepEqual(missed({ serving: { ...small, maxNumSeqs: 128, maxNumBatchedTokens: 256 } }), [
      "batch-holds-sequences",
    ]);
  });
});
