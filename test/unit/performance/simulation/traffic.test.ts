import assert from "node:assert/strict";
import { simulate, type TrafficInput } from "../../../../lib/performance";
import { arrivalTimes } from "../../../../lib/performance/simulation/arrival-times";
import { randomStream } from "../../../../lib/performance/simulation/random-stream";
import { createRequestTable } from "../../../../lib/performance/simulation/request-table";
import { sampleLengths } from "../../../../lib/performance/simulation/sample-lengths";
import { simulationInput } from "./simulation-input";

const traffic = (changes: Partial<TrafficInput>): TrafficInput =>
  simulationInput({ traffic: changes }).traffic;

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** Squared coefficient of variation of the gaps. */
function squaredVariation(times: Float64Array): number {
  const gaps = Array.from(times.slice(1), (time, i) => time - (times[i] ?? 0));
  const average = mean(gaps);
  return mean(gaps.map((gap) => (gap - average) ** 2)) / average ** 2;
}

describe("traffic", () => {
  it("arrives at the asked rate with the asked variation", () => {
    const requests = 50_000;
    const cases = [
      // Gaps of a constant rate do not vary; exponential ones have 1; bursty ones what was asked.
      { arrivals: { kind: "constant", requestRate: 20 }, variation: 0 },
      { arrivals: { kind: "poisson", requestRate: 20 }, variation: 1 },
      { arrivals: { kind: "bursty", requestRate: 20, squaredVariation: 4 }, variation: 4 },
      { arrivals: { kind: "bursty", requestRate: 20, squaredVariation: 0.5 }, variation: 0.5 },
    ] as const;
    for (const { arrivals, variation } of cases) {
      const times = arrivalTimes(traffic({ arrivals, requests }), randomStream(1, "arrivals"));
      const rate = (requests - 1) / ((times.at(-1) ?? 0) / 1000);
      assert.ok(Math.abs(rate / 20 - 1) < 0.04, `${arrivals.kind}: ${rate} per second`);
      assert.ok(Math.abs(squaredVariation(times) - variation) < 0.1 * (1 + variation), arrivals.kind);
    }
  });

  it("replays a trace in order of its instants", () => {
    const arrivals = { kind: "trace", arrivalSeconds: [3, 1, 2] } as const;
    const times = arrivalTimes(traffic({ arrivals, requests: 3 }), randomStream(1, "arrivals"));
    assert.deepEqual([...times], [1000, 2000, 3000]);
  });

  it("sends a burst together before the steady arrivals", () => {
    const arrivals = { kind: "constant", requestRate: 10 } as const;
    const times = arrivalTimes(
      traffic({ arrivals, requests: 5, burstStart: 2 }),
      randomStream(1, "arrivals"),
    );
    assert.deepEqual([...times], [0, 0, 0, 100, 200]);
  });

  it("draws lengths with the asked mean and bounds", () => {
    const draw = (lengths: Parameters<typeof sampleLengths>[0]) =>
      sampleLengths(lengths, 100_000, randomStream(7, "lengths"));
    const lognormal = draw({ kind: "lognormal", median: 1020, mean: 1155 });
    assert.ok(
      Math.abs(mean(lognormal) / 1155 - 1) < 0.01,
      "not so: Math.abs(mean(lognormal) / 1155 - 1) < 0.01",
    );
    assert.ok(
      draw({ kind: "lognormal", median: 129, mean: 156, max: 300 }).every((n) => n >= 1 && n <= 300),
      'not so: draw({ kind: "lognormal", median: 129, mean: 156, max: 300 }).every((n) => n >= 1 && n ...',
    );
    const uniform = draw({ kind: "uniform", min: 8, max: 10 });
    assert.deepEqual([...new Set(uniform)].sort(), [10, 8, 9]);
    // Quantiles 0, 10, 30 at 0, 1/2, 1: mean of the two halves 5 and 20.
    assert.ok(
      Math.abs(mean(draw({ kind: "empirical", quantiles: [1, 10, 30] })) / 12.75 - 1) < 0.02,
      'not so: Math.abs(mean(draw({ kind: "empirical", quantiles: [1, 10, 30] })) / 12.75 - 1) < 0.02',
    );
  });

  it("gives each named stream its own numbers", () => {
    const [a, b] = ["arrivals", "lengths"].map((name) => randomStream(1, name).next());
    assert.notEqual(a, b);
    const stream = randomStream(1, "arrivals");
    const draws = Array.from({ length: 10_000 }, () => stream.next());
    assert.ok(Math.abs(mean(draws) - 0.5) < 0.01, "not so: Math.abs(mean(draws) - 0.5) < 0.01");
  });

  it("finds whole blocks of the prefix in the cache, never the last token, and none for cold requests", () => {
    const fixed = { kind: "fixed", tokens: 100 } as const;
    const cached = (changes: Partial<TrafficInput>) =>
      createRequestTable(traffic({ promptTokens: fixed, requests: 1000, ...changes })).cachedTokens;
    // 70 tokens are 4 blocks of 16; a prefix as long as the prompt leaves its last token: 99 -> 96.
    assert.ok(
      cached({ cachedPrefixTokens: 70 }).every((tokens) => tokens === 64),
      "not so: cached({ cachedPrefixTokens: 70 }).every((tokens) => tokens === 64)",
    );
    assert.ok(
      cached({ cachedPrefixTokens: 100 }).every((tokens) => tokens === 96),
      "not so: cached({ cachedPrefixTokens: 100 }).every((tokens) => tokens === 96)",
    );
    const start = cached({ cachedPrefixTokens: 70, coldStartRequests: 10 });
    assert.deepEqual([...start].map((tokens) => tokens === 0).lastIndexOf(true), 9);
  });

  it("says that a rate beyond capacity is unstable, and one within is stable", () => {
    // A step of 10 ms for one sequence of 20 tokens: 200 ms of service, 8 at once: 40 requests a second at most.
    const at = (requestRate: number) =>
      simulate(
        simulationInput({
          scheduler: { maxNumSeqs: 8, maxNumBatchedTokens: 2048, kvCacheTokens: 100_000 },
          traffic: { arrivals: { kind: "poisson", requestRate }, requests: 4000 },
        }),
      );
    assert.equal(at(30).stable, true);
    assert.equal(at(50).stable, false);
  });

  it("gives up early on a hopeless rate when asked to", () => {
    const input = simulationInput({
      scheduler: { maxNumSeqs: 8, maxNumBatchedTokens: 2048, kvCacheTokens: 100_000 },
      traffic: { arrivals: { kind: "poisson", requestRate: 400 }, requests: 20_000 },
    });
    const early = simulate(input, { giveUpWhenHopeless: true });
    assert.equal(early.stable, false);
    assert.ok(early.steps < simulate(input).steps / 4, `early.steps: ${early.steps}`);
  });
});
