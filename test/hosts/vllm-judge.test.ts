import assert from "node:assert/strict";
import { type Answer, askEngine } from "../../bench/judge/ask";
import { ownCheckpoints } from "../../bench/judge/corpus";
import { type JudgedPlan, makePlan } from "../../bench/judge/make-plans";
import { namedQuestions } from "../../bench/judge/plan-questions";
import { isWithin, planVerdict } from "../../bench/judge/verdicts";

describe("plans before the running vLLM", () => {
  it("are accepted by its parser, configuration and placement, and weigh what its classes allocate", async function () {
    this.timeout(20 * 60_000);
    const checkpoints = ownCheckpoints();
    const made = namedQuestions(checkpoints).map(makePlan);
    const plans = made.filter((plan): plan is JudgedPlan => "question" in plan);
    assert.deepEqual(
      made.filter((plan) => "reason" in plan),
      [],
      "the planner refuses one",
    );
    const answers = await askEngine(
      plans.map(({ question }) => question),
      checkpoints,
    );
    for (const [i, plan] of plans.entries()) {
      const verdict = planVerdict(plan, answers[i] as Answer);
      assert.equal(verdict.outcome, "accepted", `${verdict.name}: ${verdict.reason}`);
      assert.ok(isWithin(verdict), `${verdict.name} weighs ${verdict.differences} of vLLM's more`);
    }
  });
});
