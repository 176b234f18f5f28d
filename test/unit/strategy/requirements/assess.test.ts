import assert from "node:assert/strict";
import { enumerateStrategies } from "../../../../lib/strategy/candidates/enumerate";
import { unfittedServing } from "../../../../lib/strategy/candidates/serving-settings";
import { demandOfStages, fullestGpu } from "../../../../lib/strategy/replica/fit-memory";
import { type FittedReplica, fitReplica } from "../../../../lib/strategy/replica/replica";
import { missesAtAnyRate } from "../../../../lib/strategy/requirements/assess";
import { memoryBalance, memoryFraction } from "../../../../lib/strategy/requirements/memory-requirements";
import { pressureOf } from "../../../../lib/strategy/requirements/requirement";
import { readSituation, type Situation } from "../../../../lib/strategy/situation";
import { aDeployment, asStored } from "../a-deployment";

const FILLS = 400;

/** Whether memory misses a requirement with each of many contents of the cache. */
function missesWithAll(situation: Situation, { memory }: FittedReplica): boolean {
  const total = fullestGpu(memory).totalBytes;
  for (let i = 0; i <= FILLS; i++) {
    const demands = demandOfStages(memory, (i / FILLS) * memory.kvCacheTokens);
    const bytes = Math.max(...demands);
    const fraction = memoryFraction(situation, { fraction: bytes / total, bytes });
    if (pressureOf(fraction) <= 1 && pressureOf(memoryBalance(situation, demands)) <= 1) return false;
  }
  return true;
}

const MODELS = ["deepseek-ai/DeepSeek-V3", "Qwen/Qwen3-30B-A3B", "meta-llama/Llama-3.1-8B-Instruct"];
const ENVELOPES = [0.002, 0.01, 0.05, 0.2].flatMap((memoryEpsilon) =>
  [0.2, 0.85].map((maxMemoryFraction) => ({ memoryEpsilon, maxMemoryFraction })),
);

/** Every strategy that has a cache, of some models under some envelopes, unfitted. */
const replicas = () =>
  MODELS.flatMap((name) =>
    ENVELOPES.flatMap((envelope) => {
      const hardware = { instanceType: "p5en.48xlarge" };
      const situation = readSituation(aDeployment(asStored({ model: { name }, hardware, envelope })));
      return enumerateStrategies(situation)
        .map((strategy) => fitReplica(situation, strategy, unfittedServing(situation)))
        .filter(({ memory }) => memory.kvCacheTokens > 0)
        .map((replica) => ({ situation, replica }));
    }),
  );

describe("memory that misses a requirement at any rate", () => {
  it("does so with each content of the cache", () => {
    const found = replicas().filter(({ situation, replica }) => missesAtAnyRate(situation, replica));
    assert.ok(found.length > 50, `only ${found.length} miss always`);
    for (const { situation, replica } of found)
      assert.ok(missesWithAll(situation, replica), JSON.stringify(replica.strategy));
  });

  it("is found wherever one requirement alone is missed with each content of the cache", () => {
    const passing = replicas().filter(({ situation, replica }) => !missesAtAnyRate(situation, replica));
    assert.ok(passing.length > 50, `only ${passing.length} pass with some content`);
    const overlooked = passing.filter(({ situation, replica }) => missesWithAll(situation, replica));
    // What passes one requirement with little in the cache and the other with much is for the simulation to find.
    assert.ok(overlooked.length < 0.1 * passing.length, `${overlooked.length} of ${passing.length}`);
  });
});
