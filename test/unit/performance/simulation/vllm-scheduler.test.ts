import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { differences, type Outcome, simulatedOutcome } from "../../../../bench/vllm/compare-schedulers";
import { DRIVEN_VERSION, scenarios } from "../../../../bench/vllm/scenarios";

/** What vLLM's own scheduler made of the scenarios: `npm run bench:vllm -- --update` writes it. */
const recorded = JSON.parse(readFileSync(join(__dirname, "vllm-scheduler.json"), "utf8")) as {
  readonly version: string;
  readonly outcomes: Readonly<Record<string, Outcome>>;
};

describe("simulation beside vLLM's own scheduler", () => {
  it("is held against every scenario of the pinned version", () => {
    assert.equal(recorded.version, DRIVEN_VERSION, "the record is of another version");
    assert.deepEqual(
      Object.keys(recorded.outcomes),
      scenarios.map(({ name }) => name),
    );
    assert.ok(scenarios.length >= 40, "fewer than 40 scenarios");
  });

  for (const scenario of scenarios) {
    it(`agrees within 1 % and to the step: ${scenario.name}`, () => {
      const simulated = simulatedOutcome(scenario);
      const real = recorded.outcomes[scenario.name] as Outcome;
      for (const [quantity, apart] of Object.entries(differences(simulated, real)))
        assert.ok(Math.abs(apart) <= 0.01, `${quantity} is ${(100 * apart).toFixed(1)} % from vLLM's`);
      assert.equal(simulated.steps, real.steps, "steps");
      assert.equal(simulated.preemptions, real.preemptions, "preemptions");
    });
  }
});
