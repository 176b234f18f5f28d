import assert from "node:assert/strict";
import fc from "fast-check";
import type { DeploymentInput } from "../../../../lib/config";
import { memoryPerGpu } from "../../../../lib/performance";
import { balancedFactor, skewFactor } from "../../../../lib/performance/kernels/expert-skew";
import { vllmArguments } from "../../../../lib/serving";
import { memoryInput } from "../../../../lib/strategy/replica/fit-memory";
import { stepModelsOf } from "../../../../lib/strategy/replica/replica";
import { structuralRequirements } from "../../../../lib/strategy/requirements/validate";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment, referencePins } from "../a-deployment";
import { pinnedPlan } from "../pinned-plan";

const MODEL = { name: "Qwen/Qwen3-30B-A3B" } as const;
const EP8 = { ...referencePins, expertParallel: 8, gpus: 8 } as const;

const situationOf = (change: DeploymentInput) => readSituation(aDeployment({ model: MODEL, ...change }));

function prefillMs(change: DeploymentInput): number {
  const model = stepModelsOf(situationOf(change), EP8)({ largestTokens: 512, stride: 16 });
  return model.stageMs(0, {
    tokens: 8192,
    decodeSequences: 0,
    decodeContextTokens: 0,
    prefillAttentionMs: model.prefillAttentionMs(0, 8192),
    sampledSequences: 1,
  });
}

const missed = (change: DeploymentInput, strategy = {}) =>
  structuralRequirements(situationOf(change), { ...EP8, ...strategy })
    .filter(
      ({ id, value, limit, bound }) => /^eplb/.test(id) && (bound === "most" ? value > limit : value < limit),
    )
    .map(({ id }) => id);

describe("the load of experts", () => {
  it("changes the slowest rank as was measured: the more, the more ranks and the fewer experts", () => {
    // Medians of aiconfigurator-core 0.12.0 at some 256 copies a token and expert: even choice over exponent 1.2.
    const at = (count: number, expertRanks: number) => {
      const activePerToken = 8;
      const tokens = (256 * count) / activePerToken;
      return skewFactor({ count, activePerToken, expertRanks }, 0)(tokens);
    };
    assert.ok(Math.abs(at(128, 8) - 0.694) < 1e-9, `${at(128, 8)} for 128 experts on 8 ranks`);
    assert.ok(Math.abs(at(8, 8) - 0.392) < 1e-9, `${at(8, 8)} for 8 experts on 8 ranks`);
    assert.ok(at(128, 1) > at(128, 4) && at(128, 4) > at(128, 16), "more ranks, more to gain");
  });

  it("is that of the tables at their exponent, and lies between the measured ones in between", () => {
    fc.assert(
      fc.property(
        fc.record({
          count: fc.constantFrom(8, 32, 128, 256, 512),
          activePerToken: fc.constantFrom(1, 2, 8),
          expertRanks: fc.constantFrom(1, 2, 8, 64, 256),
        }),
        fc.double({ min: 0, max: 1.2, noNaN: true }),
        fc.integer({ min: 1, max: 16_384 }),
        (experts, exponent, tokens) => {
          assert.equal(skewFactor(experts, 1.2)(tokens), 1);
          const [even, middle, own] = [0, 1.01, exponent].map((each) => skewFactor(experts, each)(tokens));
          assert.ok(even !== undefined && middle !== undefined && own !== undefined, "three factors");
          const [low, high] = exponent > 1.01 ? [middle, 1] : [even, middle];
          assert.ok(
            own >= Math.min(low, high) - 1e-9 && own <= Math.max(low, high) + 1e-9,
            `${own} of ${low}, ${high}`,
          );
          const half = balancedFactor(experts, exponent, 0.5)(tokens);
          assert.ok(Math.abs(half / balancedFactor(experts, exponent, 1)(tokens) / 2 - 1) < 1e-9, `${half}`);
        },
      ),
    );
  });

  it("makes a step with evenly chosen or balanced experts quicker", () => {
    const uneven = prefillMs({});
    const even = prefillMs({ workload: { expertSkew: 0 } });
    const balanced = prefillMs({ serving: { eplb: { enabled: true } } });
    assert.ok(even < uneven, `${even} ms evenly, ${uneven} ms as in the tables`);
    assert.ok(balanced < uneven && balanced >= even * 0.999, `${balanced} ms balanced, ${even} ms evenly`);
  });

  it("holds the copies of experts and room for one layer's moved ones", () => {
    const serving = pinnedPlan({ model: MODEL, strategy: { expertParallel: 8 } }).serving;
    const weights = (eplb: object) =>
      memoryPerGpu(memoryInput(situationOf({ serving: { eplb } }), EP8, serving), 0).weightsBytes;
    // 48 layers of 128 experts of 3 x 2048 x 768 in BF16; 16 copies are 2 more a rank, and the buffer holds 18.
    const expert = 2 * 3 * 2048 * 768;
    const more = weights({ enabled: true, redundantExperts: 16 }) - weights({});
    assert.equal(more, (48 * 2 + 18) * expert);
  });

  it("is balanced by vLLM's flags, where vLLM balances", () => {
    const eplb = { enabled: true, redundantExperts: 8 } as const;
    const made = pinnedPlan({ model: MODEL, strategy: { expertParallel: 8 }, serving: { eplb } });
    assert.match(vllmArguments(made).join(" "), /--enable-eplb --eplb-config \{"num_redundant_experts":8\}/);
    assert.match(made.bandSources?.decode ?? "", /no published figure of such a setup/);
    assert.deepEqual(missed({ serving: { eplb } }), []);
    assert.deepEqual(missed({ serving: { eplb: { ...eplb, redundantExperts: 3 } } }), ["eplb-divisible"]);
    assert.deepEqual(missed({ serving: { eplb } }, { expertParallel: 1 }), ["eplb-spread"]);
    assert.deepEqual(missed({ serving: { eplb, vllmVersion: "0.28.0" } }), ["eplb-version"]);
    assert.deepEqual(missed({ model: { name: "openai/gpt-oss-120b" }, serving: { eplb } }), ["eplb-model"]);
  });
});
