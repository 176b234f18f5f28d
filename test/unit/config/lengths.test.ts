import assert from "node:assert/strict";
import { endTokens, longestTokens, meanTokens, medianTokens } from "../../../lib/config";

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
