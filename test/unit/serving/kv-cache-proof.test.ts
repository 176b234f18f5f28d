import assert from "node:assert/strict";
import { proveKvCache } from "../../../lib/serving";
import { planOf } from "./plan-fixture";

describe("proveKvCache", () => {
  const plan = planOf();
  const { kvCacheTokensLow: low, kvCacheTokensHigh: high } = plan.memoryPerGpu;

  it("holds what vLLM has logged against the plan's band", () => {
    assert.ok(low < high, `low: ${low}, high: ${high}`);
    assert.equal(proveKvCache(plan, (low + high) / 2).verdict, "as planned");
    assert.equal(proveKvCache(plan, high + 1).verdict, "larger than planned");
    const { verdict, text } = proveKvCache(plan, low - 1);
    assert.equal(verdict, "smaller than planned");
    assert.match(text, /^vLLM has [\d,]+ tokens of KV cache, planned were [\d,]+ to [\d,]+: another process/);
  });

  it("says when it cannot judge", () => {
    assert.equal(proveKvCache(plan, 0).verdict, "not judged");
    const cpu = planOf({ hardware: { instanceType: "custom", gpu: "cpu", gpusPerNode: 8 } });
    assert.match(proveKvCache(cpu, 524_288).text, /without an accelerator/);
  });
});
