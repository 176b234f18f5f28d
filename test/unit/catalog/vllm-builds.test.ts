import assert from "node:assert/strict";
import { ownCheckpoints } from "../../../bench/judge/corpus";
import { ALLOWED } from "../../../bench/judge/verdicts";
import { weightBuilds } from "../../../bench/judge/weight-builds";
import record from "./data/vllm-builds.json";

const FEWEST = 300;

describe("weights on a rank, over quantisations and parallelisms", () => {
  const bytes = new Map<string, number>(Object.entries(record.builds));
  const known = weightBuilds(ownCheckpoints()).filter(({ question }) => bytes.has(question.name));

  it("are what vLLM's own classes allocate, within 0.2 %", () => {
    for (const { question, planned } of known) {
      const difference = planned / (bytes.get(question.name) ?? Number.NaN) - 1;
      assert.ok(Math.abs(difference) <= ALLOWED, `${question.name}: ${(100 * difference).toFixed(2)} %`);
    }
  });

  it("are held against every build that was recorded, and at least 300", () => {
    assert.equal(
      known.length,
      bytes.size,
      "a checkpoint or a split was renamed: npm run bench:judge -- --update",
    );
    assert.ok(known.length >= FEWEST, `${known.length} builds`);
  });
});
