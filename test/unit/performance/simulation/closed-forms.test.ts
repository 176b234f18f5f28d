import assert from "node:assert/strict";
import { simulate } from "../../../../lib/performance";
import { constantModel, formulaModel, noHostTimes, simulationInput } from "./simulation-input";

const near = (actual: number, expected: number, share: number): void =>
  assert.ok(Math.abs(actual / expected - 1) <= share, `${actual} is not within ${share} of ${expected}`);

/** One sequence at a time and one token each: a single server whose service time is the step. */
const singleServer = { maxNumSeqs: 1, maxNumBatchedTokens: 1_000_000, kvCacheTokens: 10_000_000 };

describe("simulation against closed forms", () => {
  it("serves a request alone in one prefill step and a step for each further token", () => {
    const result = simulate(
      simulationInput({
        traffic: {
          arrivals: { kind: "constant", requestRate: 1 },
          promptTokens: { kind: "fixed", tokens: 100 },
          outputTokens: { kind: "fixed", tokens: 11 },
          requests: 5,
        },
      }),
      { hostTimes: { requestInMs: 4, turnaroundMs: 0 } },
    );
    // 4 ms on the way in + one step of 10 ms; then 10 tokens 10 ms apart, and nobody else (1 s between requests).
    near(result.asRun.firstToken.meanMs, 14, 1e-9);
    near(result.asRun.timePerOutputToken.meanMs, 10, 1e-9);
    assert.equal(result.steps, 5 * 11);
  });

  it("chunks a prompt that exceeds the token budget", () => {
    const result = simulate(
      simulationInput({
        scheduler: { maxNumSeqs: 8, maxNumBatchedTokens: 64, kvCacheTokens: 10_000 },
        traffic: {
          arrivals: { kind: "constant", requestRate: 1 },
          promptTokens: { kind: "fixed", tokens: 200 },
          outputTokens: { kind: "fixed", tokens: 1 },
          requests: 3,
        },
      }),
      noHostTimes,
    );
    // ceil(200 / 64) = 4 steps of 10 ms.
    near(result.asRun.firstToken.meanMs, 40, 1e-9);
  });

  it("gives each step the accepted drafts and one token more", () => {
    const speculation = { draftTokens: 3, acceptance: 0.7 };
    const result = simulate(
      simulationInput({
        latency: { ...constantModel, speculation },
        traffic: {
          arrivals: { kind: "constant", requestRate: 0.1 },
          promptTokens: { kind: "fixed", tokens: 100 },
          outputTokens: { kind: "fixed", tokens: 601 },
          requests: 100,
        },
      }),
      noHostTimes,
    );
    // (1 - 0.7^4) / (1 - 0.7) = 2.533 tokens a step of 10 ms; the last step of a request may bring more than it needs.
    near(result.asRun.timePerOutputToken.meanMs, 10 / 2.533, 0.01);
    // vLLM counts one gap for each step that brings tokens.
    near(result.steady.interToken.p50Ms, 10, 0.002);
  });

  it("is the plain scheduler where no draft is accepted", () => {
    const input = simulationInput({
      scheduler: { maxNumSeqs: 8, maxNumBatchedTokens: 4096, kvCacheTokens: 100_000 },
    });
    const drafted = {
      ...input,
      latency: { ...input.latency, speculation: { draftTokens: 2, acceptance: 0 } },
    };
    const [plain, speculative] = [simulate(input), simulate(drafted)];
    assert.deepEqual(speculative.asRun, plain.asRun);
    assert.equal(speculative.steps, plain.steps);
  });

  it("verifies drafts inside the token budget", () => {
    const tokens = { kind: "fixed" as const, tokens: 64 };
    const input = simulationInput({
      latency: { ...constantModel, speculation: { draftTokens: 3, acceptance: 0 } },
      scheduler: { maxNumSeqs: 16, maxNumBatchedTokens: 64, kvCacheTokens: 100_000 },
      traffic: {
        arrivals: { kind: "offline" },
        promptTokens: tokens,
        outputTokens: { kind: "fixed", tokens: 200 },
        requests: 16,
      },
    });
    // With n sequences that verify 3 drafts each, 64 - 4 n tokens are left for prompts: the last is read in 64 / 4 steps.
    const steps = Array.from({ length: 16 }, (_, n) => 64 / (64 - 4 * n)).reduce(
      (sum, each) => sum + each,
      0,
    );
    const { firstToken } = simulate(input, noHostTimes).asRun;
    assert.ok(firstToken.p99Ms >= 10 * steps * 0.9, `${firstToken.p99Ms} ms for at least ${steps} steps`);
    assert.ok(firstToken.p99Ms <= 10 * (steps + 16), `${firstToken.p99Ms} ms for about ${steps} steps`);
  });

  it("waits as an M/D/1 queue does when steps are constant and requests have one token", () => {
    const result = simulate(
      simulationInput({
        scheduler: singleServer,
        traffic: {
          arrivals: { kind: "poisson", requestRate: 70 },
          promptTokens: { kind: "fixed", tokens: 10 },
          outputTokens: { kind: "fixed", tokens: 1 },
          requests: 200_000,
        },
      }),
      noHostTimes,
    );
    // Pollaczek-Khinchine: utilisation 0.7, service 10 ms: wait 0.7 / (2 x 0.3) x 10 = 11.67 ms, plus the service.
    near(result.asRun.firstToken.meanMs, 10 + 11.667, 0.03);
    assert.equal(result.stable, true);
  });

  it("waits as an M/M/1 queue does when the step is as long as an exponential prompt", () => {
    // Quantiles of an exponential distribution of mean 1000 tokens; a token takes 10 us.
    const quantiles = Array.from(
      { length: 2001 },
      (_, i) => -1000 * Math.log(1 - Math.min(i / 2000, 0.9999)),
    );
    const result = simulate(
      simulationInput({
        latency: formulaModel((step) => step.tokens / 100),
        scheduler: singleServer,
        traffic: {
          arrivals: { kind: "poisson", requestRate: 50 },
          promptTokens: { kind: "empirical", quantiles: quantiles.map((tokens) => Math.max(1, tokens)) },
          outputTokens: { kind: "fixed", tokens: 1 },
          requests: 200_000,
        },
      }),
      noHostTimes,
    );
    // Mean time in system 1 / (mu - lambda) = 1 / (100 - 50) s = 20 ms.
    near(result.asRun.firstToken.meanMs, 20, 0.03);
  });

  it("obeys Little's law in a closed loop", () => {
    const concurrency = 16;
    const result = simulate(
      simulationInput({
        latency: formulaModel((step) => 5 + step.tokens / 10),
        traffic: { arrivals: { kind: "closed", concurrency }, requests: 4000 },
      }),
      noHostTimes,
    );
    const { firstToken, timePerOutputToken, requestsPerSecond } = result.steady;
    // Mean output 20 tokens: time in system = first token + 19 gaps. Gaps and lengths are independent to a few per cent.
    const secondsInSystem = (firstToken.meanMs + 19 * timePerOutputToken.meanMs) / 1000;
    near(requestsPerSecond * secondsInSystem, concurrency, 0.03);
    near(result.meanRunningSequences, concurrency, 0.01);
  });

  it("makes a request wait one to two steps with two batches in flight, half a step to one with one", () => {
    const steady = (batchesInFlight: 1 | 2) => {
      const engine = { name: "vLLM", version: "0.15.1", batchesInFlight, reservesOutput: false } as const;
      const traffic = {
        arrivals: { kind: "poisson", requestRate: 4 },
        outputTokens: { kind: "fixed", tokens: 200 },
        requests: 3000,
      } as const;
      return simulate(simulationInput({ engine, traffic }), noHostTimes).steady.firstToken.meanMs;
    };
    // A busy replica steps every 10 ms: wait 5 ms (one batch) or 15 ms (two), then the step of 10 ms.
    near(steady(1), 15, 0.03);
    near(steady(2), 25, 0.03);
  });

  it("keeps every stage of a balanced pipeline busy once requests have spread over the batches", () => {
    const result = simulate(
      simulationInput({
        latency: formulaModel(() => 40, 4),
        traffic: { arrivals: { kind: "poisson", requestRate: 50 }, requests: 4000 },
      }),
    );
    // 4 stages of 10 ms, 4 batches: a batch leaves every 10 ms and each sequence gets a token every 40 ms.
    near(result.steady.interToken.p50Ms, 40, 0.001);
    assert.ok(result.bubbleShare < 0.02, `bubbles of ${result.bubbleShare}`);
  });

  it("leaves stages idle when a wave of equal requests fills only some batches, as vLLM does", () => {
    const result = simulate(
      simulationInput({
        latency: formulaModel(() => 40, 4),
        traffic: { arrivals: { kind: "closed", concurrency: 16 }, requests: 160 },
      }),
      noHostTimes,
    );
    // 16 prompts of 100 tokens fit one budget of 2048: one batch holds them all, and those that follow join it.
    near(result.bubbleShare, 0.75, 0.02);
  });

  it("leaves all stages but one idle when one sequence is alone in a pipeline", () => {
    const result = simulate(
      simulationInput({
        latency: formulaModel(() => 40, 4),
        traffic: { arrivals: { kind: "closed", concurrency: 1 }, requests: 20 },
      }),
      noHostTimes,
    );
    // One of four stages works at a time: bubble (4 - 1) / 4.
    near(result.bubbleShare, 0.75, 0.01);
  });

  it("spreads equal work over replicas behind a balancer", () => {
    const run = (balancer: "round-robin" | "least-loaded") =>
      simulate(
        simulationInput({
          latency: constantModel,
          replicas: 4,
          balancer,
          traffic: { arrivals: { kind: "poisson", requestRate: 40 }, requests: 4000 },
        }),
        noHostTimes,
      );
    for (const balancer of ["round-robin", "least-loaded"] as const) {
      const result = run(balancer);
      assert.ok(result.replicaImbalance < 0.1, `${balancer}: ${result.replicaImbalance}`);
      assert.equal(result.stable, true);
    }
  });
});
