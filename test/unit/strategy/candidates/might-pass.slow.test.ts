import assert from "node:assert/strict";
import { type DeploymentInput, parseDeployment } from "../../../../lib/config";
import { plan } from "../../../../lib/strategy";
import {
  leastFirstTokenMs,
  leastFirstTokenTailMs,
} from "../../../../lib/strategy/candidates/candidate-bounds";
import { enumerateStrategies } from "../../../../lib/strategy/candidates/enumerate";
import { mightPass, passingStrategy, somePasses } from "../../../../lib/strategy/candidates/might-pass";
import { preparedOf } from "../../../../lib/strategy/candidates/prepare-candidate";
import { runAt } from "../../../../lib/strategy/candidates/verdict-run";
import { strategyLabel } from "../../../../lib/strategy/figures/strategy-label";
import { readSituation } from "../../../../lib/strategy/situation";

const MODELS = ["meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen3-30B-A3B-FP8"] as const;
const TYPES = ["g6e.xlarge", "g6e.12xlarge", "p4d.24xlarge"] as const;

const deployment = (name: string, instanceType: string, requestRate: number) =>
  parseDeployment({
    model: { name },
    hardware: { instanceType },
    workload: { requestRate, simulatedRequests: 100 },
  } satisfies DeploymentInput);

describe("what short runs say of a plan", function () {
  this.timeout(600_000);

  for (const name of MODELS) {
    it(`refuses no machine on which a plan passes, and offers none on which it fails: ${name}`, () => {
      const verdicts = new Set<boolean>();
      for (const instanceType of TYPES) {
        for (const rate of [1, 30]) {
          const asked = deployment(name, instanceType, rate);
          const { chosen, strategy } = plan(asked);
          const situation = readSituation(asked);
          const what = `${rate}/s on ${instanceType}`;
          assert.equal(somePasses(situation), chosen.meetsSlo, `a setting and the plan agree at ${what}`);
          if (chosen.meetsSlo) assert.ok(mightPass(situation), `${what} passes`);
          else assert.equal(passingStrategy(situation, strategy), undefined, `${what} fails`);
          verdicts.add(chosen.meetsSlo);
        }
      }
      assert.equal(verdicts.size, 2, "some pass and some fail");
    });
  }
});

describe("the least time to a first token by hand", function () {
  this.timeout(600_000);

  for (const promptTokens of [
    { kind: "fixed", tokens: 6000 },
    { kind: "lognormal", median: 700, mean: 1200 },
  ] as const) {
    it(`is at most what a service that rests takes, and not far below it: ${promptTokens.kind} lengths`, () => {
      for (const name of MODELS) {
        const asked = parseDeployment({
          model: { name },
          hardware: { instanceType: "g6e.12xlarge" },
          workload: { requestRate: 0.01, promptTokens },
        });
        const situation = readSituation(asked);
        for (const strategy of enumerateStrategies(situation)) {
          const [replica] = preparedOf(situation, strategy)?.fitting.flat() ?? [];
          if (replica === undefined) continue;
          const { seen } = runAt(situation, replica, { rate: 0.01, requests: 400 });
          const share = leastFirstTokenMs(situation, replica) / seen.latency.firstToken.p50Ms;
          assert.ok(share <= 1 && share > 0.5, `${strategyLabel(strategy)} of ${name}: ${share}`);
          const tail = leastFirstTokenTailMs(situation, replica) / seen.latency.firstToken.p99Ms;
          assert.ok(tail <= 1 && tail > 0.2, `p99, ${strategyLabel(strategy)} of ${name}: ${tail}`);
        }
      }
    });
  }
});
