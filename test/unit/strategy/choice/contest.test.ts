import assert from "node:assert/strict";
import type { DeploymentInput } from "../../../../lib/config";
import { plan, strategyLabel } from "../../../../lib/strategy";
import { boundsOf } from "../../../../lib/strategy/candidates/candidate-bounds";
import { enumerateStrategies } from "../../../../lib/strategy/candidates/enumerate";
import { searchCandidate } from "../../../../lib/strategy/candidates/evaluate-candidate";
import { isPrepared, prepareCandidate } from "../../../../lib/strategy/candidates/prepare-candidate";
import { settleChoice } from "../../../../lib/strategy/choice/settle-choice";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment, asStored } from "../a-deployment";

/** Many strategies that run: experts, two objectives, a load that all carry and one that none does. */
const QUESTIONS: readonly DeploymentInput[] = [
  { strategy: { objective: "latency" }, workload: { requestRate: 4 } },
  { strategy: { objective: "goodput" }, workload: { requestRate: 4 } },
  { strategy: { objective: "latency" }, workload: { requestRate: 400 } },
  { strategy: { objective: "latency", tensorParallel: 2 }, workload: { requestRate: 4 } },
].map((change) => asStored({ model: { name: "openai/gpt-oss-120b" }, ...change } as DeploymentInput));

describe("a contest of many strategies", function () {
  this.timeout(120_000);
  for (const question of QUESTIONS) {
    const { strategy, workload } = question;
    const pin = strategy?.tensorParallel === undefined ? "" : `, TP ${strategy.tensorParallel} pinned`;
    describe(`for ${strategy?.objective} at ${workload?.requestRate}/s${pin}`, () => {
      const deployment = aDeployment(question);
      const situation = readSituation(deployment);
      const ready = enumerateStrategies(situation).map((one) => prepareCandidate(situation, one));
      const all = ready.map((each) => (isPrepared(each) ? searchCandidate(situation, each) : each));
      const contested = plan(deployment);

      it("ends as if every strategy had been searched", () => {
        const { choice } = settleChoice(situation, all);
        assert.equal(strategyLabel(contested.strategy), strategyLabel(choice.chosen.candidate.strategy));
        assert.deepEqual(contested.recommendation.strategy, choice.recommended.candidate.strategy);
        assert.deepEqual(contested.chosen.throughput, choice.chosen.candidate.throughput);
        assert.deepEqual(contested.chosen.serving, choice.chosen.candidate.serving);
        assert.equal(contested.chosen.meetsSlo, choice.chosen.candidate.meetsSlo);
      });

      it("says of each strategy that it did not search why not, and gives it no figures", () => {
        const out = contested.candidates.filter(({ isRuledOut }) => isRuledOut);
        assert.ok(out.length > 0, "nothing was ruled out");
        for (const { reasons, latency, throughput, meetsSlo } of out) {
          assert.match(reasons[0] ?? "", /^It was not searched/);
          assert.deepEqual([latency, throughput, meetsSlo], [undefined, undefined, false]);
        }
        assert.equal(contested.candidates.length, all.length);
      });

      it("has bounds that no search surpasses", () => {
        for (const [index, each] of ready.entries()) {
          if (!isPrepared(each)) continue;
          const { leastRequestMs, mostRate } = boundsOf(situation, each);
          const name = strategyLabel(each.strategy);
          const { meanRequestMs, candidate } = all[index] ?? assert.fail(name);
          const rate = candidate.throughput?.highestRequestRate ?? 0;
          assert.ok(rate <= mostRate, `${name} sustains ${rate}, its bound is ${mostRate}`);
          const isShorter = candidate.meetsSlo && meanRequestMs < leastRequestMs;
          assert.ok(!isShorter, `${name} takes ${meanRequestMs} ms, its bound is ${leastRequestMs}`);
        }
      });
    });
  }
});

describe("a contest of few strategies", () => {
  it("searches all of them, so that each has its figures", () => {
    const { candidates } = plan(aDeployment());
    const runs = candidates.filter(({ feasible }) => feasible);
    assert.ok(runs.length > 1, "one strategy is no contest");
    assert.deepEqual(
      runs.filter(({ throughput }) => throughput === undefined),
      [],
    );
  });
});
