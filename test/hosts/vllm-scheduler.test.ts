import assert from "node:assert/strict";
import { largestDifference, simulatedOutcome } from "../../bench/vllm/compare-schedulers";
import { driveScheduler } from "../../bench/vllm/drive";
import { scenarios } from "../../bench/vllm/scenarios";

/** A slice of bench:vllm: every pipeline depth where it is cheap, preemption, shared prefixes, and ends by a token. */
const SLICE = [
  "PP1, closed loop of 32",
  "PP1, short of KV",
  "PP2, closed loop of 80 above 48 sequences",
  "PP4, short of KV",
  "shared prefix, PP2, short of KV",
  "ends by a token, closed loop, PP4",
  "offline, short of KV",
];

describe("simulation beside the running scheduler of vLLM", () => {
  it("gives the same figures within 1 %", async function () {
    this.timeout(20 * 60_000);
    const slice = scenarios.filter(({ name }) => SLICE.includes(name));
    assert.equal(slice.length, SLICE.length, "a scenario was renamed");
    const driven = await driveScheduler(slice);
    for (const [i, scenario] of slice.entries()) {
      const real = driven[i];
      assert.ok(real, `vLLM's scheduler gave nothing for ${scenario.name}`);
      const apart = largestDifference(simulatedOutcome(scenario), real);
      assert.ok(apart <= 0.01, `${scenario.name}: ${(100 * apart).toFixed(1)} % apart`);
    }
  });
});
