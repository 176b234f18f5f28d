import assert from "node:assert/strict";
import { parseDeployment } from "../../../../lib/config";
import { readSituation, type Strategy } from "../../../../lib/strategy";
import { enumerateStrategies } from "../../../../lib/strategy/candidates/enumerate";
import { preparedOf } from "../../../../lib/strategy/candidates/prepare-candidate";
import {
  mayReachByHand,
  mostRateByHand,
  RATE_BY_HAND_LOW,
} from "../../../../lib/strategy/candidates/rate-by-hand";
import { unfittedServing } from "../../../../lib/strategy/candidates/serving-settings";
import { strategyLabel } from "../../../../lib/strategy/figures/strategy-label";
import { isTooHeavy } from "../../../../lib/strategy/replica/fit-memory";
import { fitReplica, type Replica } from "../../../../lib/strategy/replica/replica";
import { saturatedRate } from "../../../../lib/strategy/replica/saturated-rate";

const MACHINES = [
  { instanceType: "g6.12xlarge", nodes: 3 },
  { instanceType: "g6e.4xlarge", nodes: 5 },
  { instanceType: "p4d.24xlarge", nodes: 2 },
];

describe("weights by hand", () => {
  for (const name of ["openai/gpt-oss-120b", "Qwen/Qwen3-235B-A22B-FP8", "meta-llama/Llama-3.3-70B-Instruct"])
    it(`are too much for no strategy that holds them, and for many that do not: ${name}`, () => {
      let heavy = 0;
      let missed = 0;
      for (const hardware of [...MACHINES, { instanceType: "p5.48xlarge", nodes: 1 }]) {
        const situation = readSituation(parseDeployment({ model: { name }, hardware }));
        for (const strategy of enumerateStrategies(situation)) {
          const { memory } = fitReplica(situation, strategy, unfittedServing(situation));
          const holds = memory.stages.every(({ weightsBytes, usableBytes }) => weightsBytes <= usableBytes);
          const isHeavy = isTooHeavy(situation, strategy);
          assert.ok(!(holds && isHeavy), `${strategyLabel(strategy)} on ${hardware.instanceType}`);
          if (isHeavy) heavy++;
          else if (!holds) missed++;
        }
      }
      assert.ok(2 * heavy > missed, `${heavy} by hand, ${missed} more by counting`);
    });
});

describe("the saturated rate", () => {
  it("of replicas on more machines is as many times that of one", () => {
    const [one, two] = [1, 2].map((nodes) => {
      const hardware = { instanceType: "g6e.12xlarge", nodes };
      const situation = readSituation(
        parseDeployment({ model: { name: "meta-llama/Llama-3.1-8B-Instruct" }, hardware }),
      );
      const strategy = enumerateStrategies(situation).find(
        ({ tensorParallel, pipelineParallel }) => tensorParallel * pipelineParallel === 1,
      ) as Strategy;
      const [replica] = preparedOf(situation, strategy)?.fitting.flat() ?? [];
      return saturatedRate(situation, replica as Replica);
    });
    assert.equal(two, 2 * (one as number));
  });
});

describe("a rate by hand", function () {
  this.timeout(60_000);

  for (const name of ["meta-llama/Llama-3.1-8B-Instruct", "openai/gpt-oss-120b"])
    it(`rules out what every setting stays below, and nothing else: ${name}`, () => {
      for (const hardware of MACHINES) {
        const asking = (requestRate: number) =>
          readSituation(parseDeployment({ model: { name }, hardware, workload: { requestRate } }));
        const most = RATE_BY_HAND_LOW * mostRateByHand(asking(1));
        const text = `${hardware.nodes} x ${hardware.instanceType}, ${most}`;
        if (most > 0) assert.ok(mayReachByHand(asking(0.999 * most)), text);
        assert.ok(!mayReachByHand(asking(Math.max(0.01, 1.001 * most))), text);
      }
    });
});
