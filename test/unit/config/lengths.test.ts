import assert from "node:assert/strict";
import {
  endTokens,
  longestTokens,
  meanTokens,
  medianTokens,
  ninthDecileTokens,
  parseDeployment,
} from "../../../lib/config";
import { randomStream } from "../../../lib/performance/simulation/random-stream";
import { sampleLengths } from "../../../lib/performance/simulation/sample-lengths";

const fixed = { kind: "fixed", tokens: 100 } as const;
const uniform = { kind: "uniform", min: 100, max: 300 } as const;
const lognormal = { kind: "lognormal", median: 1020, mean: 1155 } as const;

describe("length distributions", () => {
  it("have a mean", () => {
    assert.equal(meanTokens(fixed), 100);
    assert.equal(meanTokens(uniform), 200);
    assert.equal(meanTokens(lognormal), 1155);
    // Quantiles 0, 0.5 and 1: halves of the requests lie between 0 and 100, and between 100 and 400.
    assert.equal(meanTokens({ kind: "empirical", quantiles: [0, 100, 400] }), (50 + 250) / 2);
  });

  it("have a median, between the two middle quantiles where their number is even", () => {
    assert.equal(medianTokens(fixed), 100);
    assert.equal(medianTokens(uniform), 200);
    assert.equal(medianTokens(lognormal), 1020);
    assert.equal(medianTokens({ kind: "empirical", quantiles: [0, 100, 400] }), 100);
    assert.equal(medianTokens({ kind: "empirical", quantiles: [10, 100] }), 55);
    assert.equal(medianTokens({ kind: "empirical", quantiles: [10, 20, 40, 1000] }), 30);
  });

  it("have a ninth decile, which one draw in ten exceeds", () => {
    const cut = { ...lognormal, max: 1200 } as const;
    const empirical = { kind: "empirical" as const, quantiles: [10, 100, 400, 500, 900] };
    for (const lengths of [uniform, lognormal, empirical]) {
      const drawn = sampleLengths(lengths, 20_000, randomStream(1, "prompt lengths"));
      const longer = drawn.filter((tokens) => tokens > ninthDecileTokens(lengths)).length / drawn.length;
      assert.ok(Math.abs(longer - 0.1) < 0.01, `${lengths.kind}: ${longer}`);
    }
    assert.equal(ninthDecileTokens(fixed), 100);
    assert.equal(ninthDecileTokens(cut), 1200);
    assert.equal(ninthDecileTokens({ ...cut, min: 1190, max: 1195 }), 1195);
  });

  it("have the mean and the median of what they are raised to", () => {
    // From numerical integration of the density: a check that does not use the closed form.
    const { median, mean } = lognormal;
    const sigma = Math.sqrt(2 * Math.log(mean / median));
    for (const min of [1, 500, 1000, 1020]) {
      let sum = 0;
      const step = 1e-3;
      for (let z = -8; z < 8; z += step)
        sum += Math.max(min, median * Math.exp(sigma * z)) * Math.exp((-z * z) / 2) * step;
      const expected = sum / Math.sqrt(2 * Math.PI);
      const found = meanTokens({ ...lognormal, min });
      assert.ok(Math.abs(found / expected - 1) < 1e-4, `raised to ${min}: ${found} for ${expected}`);
      assert.equal(medianTokens({ ...lognormal, min }), 1020);
    }
    assert.equal(meanTokens({ kind: "lognormal", median: 10, mean: 10, min: 7 }), 10);
  });

  it("of prompts hold the cached prefix and a token of their own", () => {
    const { promptTokens } = parseDeployment({ workload: { cachedPrefixTokens: 1019 } }).workload;
    assert.deepEqual(promptTokens, { kind: "lognormal", median: 1020, mean: 1155, min: 1020, max: 7168 });
    const drawn = sampleLengths(promptTokens, 1000, randomStream(1, "prompt lengths"));
    assert.equal(Math.min(...drawn), 1020);
    assert.equal("min" in parseDeployment({}).workload.promptTokens, false);
  });

  it("have a longest draw, or none", () => {
    assert.equal(longestTokens(fixed), 100);
    assert.equal(longestTokens(uniform), 300);
    assert.equal(longestTokens({ ...lognormal, max: 7168 }), 7168);
    assert.equal(longestTokens(lognormal), Number.POSITIVE_INFINITY);
    assert.equal(longestTokens({ kind: "empirical", quantiles: [10, 99.5] }), 99.5);
  });

  it("end in whole tokens, an open tail at its 99.9th percentile", () => {
    assert.equal(endTokens({ kind: "empirical", quantiles: [10, 99.5] }), 100);
    assert.equal(endTokens({ ...lognormal, max: 7168 }), 7168);
    const sigma = Math.sqrt(2 * Math.log(1155 / 1020));
    assert.equal(endTokens(lognormal), Math.ceil(1020 * Math.exp(3.0902 * sigma)));
  });
});
