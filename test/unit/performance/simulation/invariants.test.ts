import assert from "node:assert/strict";
import fc from "fast-check";
import { type SimulationInput, simulate } from "../../../../lib/performance";
import { Fleet } from "../../../../lib/performance/simulation/fleet";
import { Recorder } from "../../../../lib/performance/simulation/recorder";
import { replicaLimits } from "../../../../lib/performance/simulation/replica-limits";
import { createRequestTable } from "../../../../lib/performance/simulation/request-table";
import { formulaModel, simulationInput } from "./simulation-input";

const arrivals = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map((concurrency) => ({ kind: "closed" as const, concurrency })),
  fc.integer({ min: 1, max: 200 }).map((requestRate) => ({ kind: "poisson" as const, requestRate })),
  fc.integer({ min: 1, max: 200 }).map((requestRate) => ({ kind: "constant" as const, requestRate })),
  fc
    .integer({ min: 1, max: 50 })
    .map((requestRate) => ({ kind: "bursty" as const, requestRate, squaredVariation: 4 })),
  fc.constant({ kind: "offline" as const }),
  fc.constant({
    kind: "trace" as const,
    arrivalSeconds: Array.from({ length: 80 }, (_, i) => (i * 37) % 11),
  }),
);

/** Systems from roomy to starved: a KV cache of 14 to 400 blocks for requests of up to 12 blocks. */
const inputs: fc.Arbitrary<SimulationInput> = fc
  .record({
    arrivals,
    batchesInFlight: fc.constantFrom(1 as const, 2 as const),
    reservesOutput: fc.boolean(),
    stages: fc.integer({ min: 1, max: 4 }),
    replicas: fc.integer({ min: 1, max: 3 }),
    balancer: fc.constantFrom("round-robin" as const, "least-loaded" as const),
    maxNumSeqs: fc.integer({ min: 1, max: 40 }),
    maxNumBatchedTokens: fc.integer({ min: 40, max: 500 }),
    blocks: fc.oneof(fc.integer({ min: 14, max: 40 }), fc.integer({ min: 40, max: 400 })),
    version: fc.constantFrom("0.15.1", "0.24.0", "0.33.0"),
    endsByToken: fc.boolean(),
    cachedPrefixTokens: fc.constantFrom(0, 32, 70),
    speculation: fc.option(
      fc.record({
        draftTokens: fc.integer({ min: 1, max: 5 }),
        acceptance: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { nil: undefined },
    ),
    seed: fc.nat(),
  })
  .map((x) =>
    simulationInput({
      latency: {
        ...formulaModel((step) => 3 + step.tokens / 20 + step.decodeContextTokens / 5000, x.stages),
        ...(x.speculation && !x.reservesOutput ? { speculation: x.speculation } : {}),
      },
      engine: {
        name: "vLLM",
        version: x.version,
        batchesInFlight: x.batchesInFlight,
        reservesOutput: x.reservesOutput,
      },
      scheduler: {
        // Each sequence takes a token of the step, and one for each draft.
        maxNumSeqs: Math.min(
          x.maxNumSeqs,
          Math.floor(x.maxNumBatchedTokens / (1 + (x.speculation?.draftTokens ?? 0))),
        ),
        maxNumBatchedTokens: x.maxNumBatchedTokens,
        kvCacheTokens: x.blocks * 16,
      },
      replicas: x.replicas,
      balancer: x.balancer,
      traffic: {
        arrivals: x.arrivals,
        cachedPrefixTokens: x.cachedPrefixTokens,
        coldStartRequests: 16,
        endsByToken: x.endsByToken,
        outputTokens: { kind: "uniform", min: 1, max: 40 },
        requests: 80,
        seed: x.seed,
      },
    }),
  );

/** Runs the fleet with its columns in reach, watching every event, or none that only decodes where `looks` says so. */
function run(
  input: SimulationInput,
  onTime: (nowMs: number, fleet: Fleet) => void = () => {},
  looks: { readonly nextLookMs?: () => number } = {},
) {
  const requests = createRequestTable(input.traffic);
  const limits = replicaLimits(input, requests);
  const recorder = new Recorder(limits.maxSequences);
  const hostTimes = { requestInMs: 4, turnaroundMs: 5 };
  const fleet: Fleet = new Fleet({
    input,
    limits,
    requests,
    recorder,
    hostTimes,
    onTime: (now) => {
      onTime(now, fleet);
      return false;
    },
    ...looks,
  });
  fleet.run();
  return { requests, limits, recorder, fleet };
}

describe("simulation, whatever the input", () => {
  it("finishes every request, in the order sent, scheduled, first token, done", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { requests, fleet } = run(input);
        for (let i = 0; i < requests.count; i++) {
          const times = [
            requests.sentMs[i],
            fleet.sequences[i]?.queuedMs,
            requests.scheduledMs[i],
            requests.firstTokenMs[i],
            requests.doneMs[i],
          ];
          for (let k = 1; k < times.length; k++)
            assert.ok((times[k - 1] ?? Number.NaN) <= (times[k] ?? Number.NaN), `request ${i}: ${times}`);
          // A step takes at least 3 ms and brings at most the drafts and one token, so none of them is free.
          const perStep = 1 + (input.latency.speculation?.draftTokens ?? 0);
          const least = 3 * Math.ceil((requests.outputTokens[i] ?? 0) / perStep);
          assert.ok(
            (requests.doneMs[i] ?? 0) - (requests.scheduledMs[i] ?? 0) >= least * 0.99,
            `(requests.doneMs[i] ?? 0) - (requests.scheduledMs[i] ?? 0): ${(requests.doneMs[i] ?? 0) - (requests.scheduledMs[i] ?? 0)}, least * 0.99: ${least * 0.99}`,
          );
        }
      }),
      { numRuns: 150 },
    );
  });

  it("never uses more blocks than there are, and gives all of them back", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { fleet } = run(input, (_, watched) => {
          for (const replica of watched.replicas)
            assert.ok(replica.kvUsage >= 0 && replica.kvUsage <= 1, `usage ${replica.kvUsage}`);
        });
        for (const replica of fleet.replicas) {
          assert.equal(replica.kvUsage, 0);
          assert.equal(replica.running, 0);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("never turns the clock back and never runs more sequences than allowed", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        let last = 0;
        run(input, (now, fleet) => {
          assert.ok(now >= last, `now: ${now}, last: ${last}`);
          last = now;
          for (const replica of fleet.replicas)
            assert.ok(
              replica.running <= Math.min(input.scheduler.maxNumSeqs, input.scheduler.maxNumBatchedTokens),
              `replica.running: ${replica.running}, Math.min(input.scheduler.maxNumSeqs, input.scheduler.maxNumBatchedTokens): ${Math.min(input.scheduler.maxNumSeqs, input.scheduler.maxNumBatchedTokens)}`,
            );
        });
      }),
      { numRuns: 100 },
    );
  });

  it("is the same whether or not somebody looks at each step that only decodes", () => {
    let passedOver = 0;
    fc.assert(
      fc.property(inputs, (input) => {
        let [all, some] = [0, 0];
        const watched = run(input, () => all++);
        const looks = { nextLookMs: () => Number.POSITIVE_INFINITY };
        const alone = run(input, () => some++, looks);
        passedOver += all - some;
        const seen = ({
          requests,
          recorder: { steps, preemptions, maxRunning, maxKvUsage },
        }: typeof alone) => ({
          times: [requests.scheduledMs, requests.firstTokenMs, requests.doneMs].map((column) => [...column]),
          ...{ steps, preemptions, maxRunning, maxKvUsage },
        });
        assert.deepEqual(seen(alone), seen(watched));
        if (input.replicas > 1) return;
        assert.deepEqual({ ...alone.recorder }, { ...watched.recorder });
      }),
      { numRuns: 150 },
    );
    assert.ok(passedOver > 10_000, `only ${passedOver} events were passed over`);
  });

  it("serves each token exactly once", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { requests, fleet } = run(input);
        const served = fleet.replicas.reduce((sum, replica) => sum + replica.servedTokens, 0);
        const wanted = requests.outputTokens.reduce((sum, tokens) => sum + tokens, 0);
        // A preempted request loses at most the token in flight, which is computed again: one for each preemption.
        const { preemptions } = run(input).recorder;
        assert.ok(served >= wanted && served <= wanted + preemptions, `${served} served, ${wanted} wanted`);
      }),
      { numRuns: 100 },
    );
  });

  it("never preempts when the engine reserves the output", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const result = simulate({ ...input, engine: { ...input.engine, reservesOutput: true } });
        assert.equal(result.preemptions, 0);
      }),
      { numRuns: 60 },
    );
  });

  it("gives the same bytes for the same seed, and others for another", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        assert.equal(JSON.stringify(simulate(input)), JSON.stringify(simulate(input)));
      }),
      { numRuns: 30 },
    );
    const [one, two] = [1, 2].map((seed) => JSON.stringify(simulate(simulationInput({ traffic: { seed } }))));
    assert.notEqual(one, two);
  });

  it("is never slower with more KV cache, once the queue decides", () => {
    const tokensPerSecond = [1000, 2000, 4000, 8000].map(
      (kvCacheTokens) =>
        simulate(
          simulationInput({
            latency: formulaModel((step) => 20 + step.tokens / 100),
            scheduler: { maxNumSeqs: 64, maxNumBatchedTokens: 2048, kvCacheTokens },
            traffic: { arrivals: { kind: "offline" }, requests: 400 },
          }),
        ).asRun.outputTokensPerSecond,
    );
    for (let i = 1; i < tokensPerSecond.length; i++)
      assert.ok((tokensPerSecond[i] ?? 0) > (tokensPerSecond[i - 1] ?? 0), tokensPerSecond.join(" "));
  });

  it("lets whoever was preempted back in after the replica has been idle with a step too many in flight", () => {
    for (const [seed, blocks, requestRate] of [
      [6, 20, 8],
      [12, 18, 8],
      [13, 19, 12],
    ] as const) {
      const input = simulationInput({
        latency: formulaModel((step) => 3 + step.tokens / 20),
        engine: { name: "vLLM", version: "0.33.0", batchesInFlight: 2, reservesOutput: false },
        scheduler: { maxNumSeqs: 40, maxNumBatchedTokens: 64, kvCacheTokens: blocks * 16 },
        traffic: {
          arrivals: { kind: "poisson", requestRate },
          endsByToken: true,
          outputTokens: { kind: "uniform", min: 1, max: 60 },
          requests: 80,
          seed,
        },
      });
      const { preemptions } = simulate(input);
      assert.ok(preemptions > 0, "a case without preemptions tells nothing");
    }
  });
});
