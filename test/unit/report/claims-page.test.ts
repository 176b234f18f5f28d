import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { claimsPage } from "../../../lib/report";
import { against } from "../../../lib/report/claims/claim";
import { claims } from "../../../lib/report/claims/claims-page";
import type { Plan } from "../../../lib/strategy";
import { fixturePlan } from "./fixture-plan";
import { stackPlan } from "./stack-plan";

const FILE = join(__dirname, "../../../docs/claims.md");

describe("docs/claims.md", function () {
  this.timeout(60_000);

  it("is what the prod plan says today", () => {
    const stale = "docs/claims.md is stale; write it with: npx tsx scripts/write-claims.ts";
    assert.ok(readFileSync(FILE, "utf8") === claimsPage(stackPlan("prod")), stale);
  });

  it("answers each figure of the reference document with a computed value, a verdict and a reason", () => {
    const plan = stackPlan("prod");
    const wanted = [
      "224 ms",
      "280 ms",
      "6.4 ms",
      "8 ms",
      "350 ms",
      "1248 tokens/s",
      "17.5 GB",
      "8 GB",
      "4 GB",
    ];
    const others = ["156 tokens/s", "36.9 %", "128 bytes", "25 %", "65 %", "0.05", "900 Gbps"];
    const sections = [
      ...["50.5 GB", "38.1 %", "640 GB", "400 Gbps", "larger batches", "LLM("],
      ...["pipeline bubbles", "pipeline overhead", "extremely inefficient", "three, all with a pipeline"],
    ];
    for (const figure of [...wanted, ...others, ...sections]) {
      const claim = claims.find(({ claimed }) => claimed.startsWith(figure));
      assert.ok(claim, figure);
      for (const text of [claim.computed(plan), claim.verdict(plan), claim.reason(plan), claim.published]) {
        assert.ok(text.length > 0 && !/NaN|undefined/.test(text), `${figure}: ${text}`);
      }
    }
  });

  it("calls a decode time below the floor not physical: 17.5 GB at 3.35 TB/s is 5.2 ms, all-reduce 2 ms more", () => {
    const decode = claims.find(({ figure }) => figure === "Decode p50");
    assert.equal(decode?.verdict(fixturePlan()), "not physical"); // 6.4 < 5.2 + 0.2 x 10
  });

  it("says plainly when a target is not met", () => {
    const plan = fixturePlan();
    const [check] = plan.checks;
    assert.ok(check, `check: ${JSON.stringify(check)}`);
    const late = { ...plan.latency, decode: { ...plan.latency.decode, p99Ms: 130, p99HighMs: 150 } };
    const page = claimsPage({
      ...plan,
      latency: late,
      checks: [{ ...check, value: 130, margin: -30, pass: false }],
    });
    assert.match(page, /misses 1 of 1/);
    assert.match(page, /Decode p99 \| 100 ms \| 130 ms .* not met/);
  });

  it("judges a claim by the band of the computed value", () => {
    const band = { low: 10, high: 20 };
    assert.deepEqual(
      [9, 15, 21].map((claimed) => against(claimed, band)),
      ["at the lower edge of the band", "within the band", "at the upper edge of the band"],
    );
    assert.equal(against(8.9, band), "too low");
    assert.equal(against(22.1, band), "higher than computed");
  });

  it("gives the same verdicts for other seeds of the simulation", () => {
    const verdicts = (plan: Plan) => claims.map((claim) => `${claim.figure}: ${claim.verdict(plan)}`);
    for (const seed of [7, 13]) {
      const other = stackPlan("prod", [`workload.seed=${seed}`]);
      assert.deepEqual(verdicts(other), verdicts(stackPlan("prod")), `seed ${seed}`);
    }
  });
});
