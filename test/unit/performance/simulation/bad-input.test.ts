import assert from "node:assert/strict";
import { simulate } from "../../../../lib/performance";
import { formulaModel, simulationInput } from "./simulation-input";

describe("simulation, given nonsense", () => {
  const limits = { maxNumSeqs: 8, maxNumBatchedTokens: 64, kvCacheTokens: 1024 };
  const cases: readonly [string, Parameters<typeof simulationInput>[0], RegExp][] = [
    [
      "a NaN rate",
      { traffic: { arrivals: { kind: "poisson", requestRate: Number.NaN } } },
      /requestRate is NaN/,
    ],
    ["a rate of zero", { traffic: { arrivals: { kind: "constant", requestRate: 0 } } }, /requestRate is 0/],
    ["no client", { traffic: { arrivals: { kind: "closed", concurrency: 0 } } }, /concurrency is 0/],
    ["no request", { traffic: { requests: 0 } }, /requests is 0/],
    [
      "an empty prompt",
      { traffic: { promptTokens: { kind: "fixed", tokens: 0 } } },
      /promptTokens.tokens is 0/,
    ],
    [
      "a range upside down",
      { traffic: { outputTokens: { kind: "uniform", min: 9, max: 3 } } },
      /outputTokens.max is 3, must be at least 9/,
    ],
    [
      "a mean below the median",
      { traffic: { outputTokens: { kind: "lognormal", median: 9, mean: 3 } } },
      /outputTokens.mean is 3/,
    ],
    [
      "a share of one",
      { scheduler: { ...limits, watermark: 1 } },
      /watermark is 1, must be from 0 to below 1/,
    ],
    ["no replica", { replicas: 0 }, /replicas is 0/],
    [
      "a short trace",
      { traffic: { arrivals: { kind: "trace", arrivalSeconds: [1] }, requests: 2 } },
      /arrivalSeconds.length is 1/,
    ],
  ];
  for (const [what, changes, message] of cases)
    it(`refuses ${what} and names it`, () => {
      assert.throws(() => simulate(simulationInput(changes)), { name: "RangeError", message });
    });

  it("calls a request infeasible that the whole cache cannot hold", () => {
    const result = simulate(
      simulationInput({ scheduler: { maxNumSeqs: 4, maxNumBatchedTokens: 512, kvCacheTokens: 100 } }),
    );
    // 100 tokens are 6 whole blocks of 16.
    assert.match(result.infeasible ?? "", /does not fit into a KV cache of 96 tokens/);
    assert.ok(
      Number.isNaN(result.asRun.firstToken.meanMs),
      `result.asRun.firstToken.meanMs: ${result.asRun.firstToken.meanMs}`,
    );
  });

  it("throws instead of standing still when a step takes no time", () => {
    assert.throws(
      () => simulate(simulationInput({ latency: formulaModel(() => 0) })),
      /clock would stand still/,
    );
  });
});
