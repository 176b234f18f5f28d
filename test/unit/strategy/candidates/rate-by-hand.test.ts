import assert from "node:assert/strict";
import { parseDeployment } from "../../../../lib/config";
import { readSituation } from "../../../../lib/strategy";
import {
  mayReachByHand,
  mostRateByHand,
  RATE_BY_HAND_LOW,
} from "../../../../lib/strategy/candidates/rate-by-hand";

const MACHINES = [
  { instanceType: "g6.12xlarge", nodes: 3 },
  { instanceType: "g6e.4xlarge", nodes: 5 },
  { instanceType: "p4d.24xlarge", nodes: 2 },
];

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
