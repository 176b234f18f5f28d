import assert from "node:assert/strict";
import { comparePlans, overloadOf, renderReport } from "../../../lib/report";
import { loadCurve } from "../../../lib/strategy";
import { stackPlan } from "./stack-plan";

const plain = { color: false, width: 100 };
/** Nearly three times what eight H100 can serve: no strategy keeps up. */
const overloaded = () => stackPlan("prod", ["workload.requestRate=40", "workload.simulatedRequests=500"]);

/** Time or price of a request, whatever the format: "217 ms", "13.6 s", "$6.92 per million". */
const OF_A_REQUEST = /[\d.]+ ms to|p(50|99) +[|*]* ?[\d.,]+ m?s|[+-][\d.,]+ ms|\$[\d.]+ per million/;

describe("an overloaded plan", function () {
  this.timeout(120_000);

  it("says what it serves at most, by how much that is short and how fast the queue grows, in every format", () => {
    const plan = overloaded();
    const { saturatedRequestRate } = plan.throughput;
    const overload = overloadOf(plan) ?? assert.fail("the plan is overloaded");
    assert.equal(overload.mostRequestRate, saturatedRequestRate);
    assert.equal(overload.shortRequestRate, 40 - saturatedRequestRate);
    assert.equal(overload.queueGrowthPerMinute, 60 * (40 - saturatedRequestRate));
    for (const format of ["terminal", "md", "html"] as const) {
      const text = renderReport(plan, format, plain).replaceAll(/\s+/g, " ");
      assert.match(text, /is overloaded by 40 requests\/s: it serves at most [\d.]+ requests\/s,/, format);
      assert.match(text, /[\d.]+ short, so its queue grows by [\d,]+ requests a minute/, format);
    }
    assert.deepEqual(JSON.parse(renderReport(plan, "json", plain)).overload, overload);
  });

  it("has no latency, no band, no margin in ms and no price of a million tokens in any format", () => {
    const plan = overloaded();
    assert.equal(plan.chosen.latency, undefined);
    assert.equal(plan.cost.usdPerMillionOutputTokens, undefined);
    for (const format of ["terminal", "md", "html"] as const) {
      const text = renderReport(plan, format, plain);
      assert.doesNotMatch(text, OF_A_REQUEST, format);
      assert.doesNotMatch(text, /NaN|undefined/, format);
    }
    const { latency, candidates, simulation, cost } = JSON.parse(renderReport(plan, "json", plain));
    assert.deepEqual(
      new Set(Object.values(latency).flatMap((one) => Object.values(one as object))),
      new Set([null]),
    );
    assert.equal(simulation, null);
    assert.ok(!("usdPerMillionOutputTokens" in cost), `cost: ${JSON.stringify(cost)}`);
    for (const candidate of candidates) {
      assert.equal(candidate.latency, undefined);
      assert.equal(candidate.tokensPerSecondPerUser, undefined);
      assert.equal(candidate.costUsdPerMillionOutputTokens, undefined);
    }
  });

  it("is told from a plan that keeps up in a comparison", () => {
    const plans = [
      { name: "calm", plan: stackPlan("prod") },
      { name: "flooded", plan: overloaded() },
    ];
    const { rows } = JSON.parse(comparePlans(plans, "json", plain));
    const values = (label: string) =>
      rows.find((row: { label: string }) => row.label === label)?.values ?? assert.fail(label);
    for (const label of ["First token p50", "First token p99", "Decode p99", "Per million output tokens"]) {
      assert.match(values(label)[0], /\d/, label);
      assert.equal(values(label)[1], "overloaded", label);
    }
    assert.deepEqual(values("The queue grows by")[0], "-");
    assert.match(values("The queue grows by")[1], /^[\d,]+ requests\/min$/);
  });

  it("has no point on a load curve", () => {
    const [, beyond] = loadCurve(stackPlan("prod"), [4, 40]);
    assert.equal(beyond?.stable, false);
    assert.deepEqual([beyond?.firstTokenP99Ms, beyond?.decodeP50Ms], [Number.NaN, Number.NaN]);
  });

  it("loses to any strategy that keeps up", () => {
    const plan = stackPlan("prod", ["workload.requestRate=16", "workload.simulatedRequests=500"]);
    assert.ok(overloadOf(plan), "the plan is overloaded");
    const recommended = plan.candidates.find(
      ({ strategy }) => JSON.stringify(strategy) === JSON.stringify(plan.recommendation.strategy),
    );
    const keepsUp = plan.candidates.some(({ latency }) => latency !== undefined);
    assert.ok(
      !keepsUp || recommended?.latency !== undefined,
      `keepsUp: ${keepsUp}, recommended?.latency: ${JSON.stringify(recommended?.latency)}`,
    );
  });
});
