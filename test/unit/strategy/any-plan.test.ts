import assert from "node:assert/strict";
import fc from "fast-check";
import { listGpus, listModels } from "../../../lib/catalog";
import { type DeploymentInput, UserError } from "../../../lib/config";
import { assertPlan, type Plan, PlanError, plan } from "../../../lib/strategy";
import { aDeployment, asStored } from "./a-deployment";

const degree = fc.oneof(fc.constant("auto" as const), fc.constantFrom(1, 2, 3, 4, 8, 16));

/** Deployments that nobody would write, all of them valid configs. */
const deployments: fc.Arbitrary<DeploymentInput> = fc.record({
  model: fc.record({
    name: fc.constantFrom(...listModels().map(({ name }) => name)),
    precision: fc.constantFrom("bf16" as const, "fp8" as const),
    kvCacheDtype: fc.constantFrom("bf16" as const, "fp8" as const),
  }),
  hardware: fc.record({
    instanceType: fc.constant("custom"),
    gpu: fc.constantFrom(...listGpus().map(({ name }) => name)),
    gpusPerNode: fc.constantFrom(1, 2, 3, 4, 8),
    nodes: fc.constantFrom(1, 2),
    network: fc.constantFrom("efa" as const, "tcp" as const),
  }),
  strategy: fc.record({
    tensorParallel: degree,
    pipelineParallel: degree,
    dataParallel: degree,
    expertParallel: degree,
    sequenceParallel: degree,
    objective: fc.constantFrom("latency" as const, "throughput" as const, "cost" as const),
  }),
  workload: fc.record({
    requestRate: fc.constantFrom(0.01, 1, 50),
    arrivals: fc.constantFrom(
      "poisson" as const,
      "constant" as const,
      "bursty" as const,
      "closed" as const,
      "offline" as const,
    ),
    promptTokens: fc.constantFrom(
      { kind: "fixed" as const, tokens: 1 },
      { kind: "uniform" as const, min: 10, max: 4000 },
      { kind: "empirical" as const, quantiles: [1, 50, 2000] },
    ),
    outputTokens: fc.constantFrom(
      { kind: "fixed" as const, tokens: 1 },
      { kind: "fixed" as const, tokens: 60 },
    ),
    simulatedRequests: fc.constant(100),
  }),
  envelope: fc.record({
    maxNumSeqs: fc.constantFrom(8, 128),
    maxModelLen: fc.constantFrom(4096, 8192, 200_000),
  }),
});

function holdsTogether(made: Plan): void {
  const failed = made.checks.filter(({ pass }) => !pass).map(({ id }) => id);
  assert.deepEqual(
    made.violations.map(({ check }) => check),
    failed,
  );
  assert.equal(made.chosen.meetsSlo, failed.length === 0);
  for (const candidate of made.candidates) {
    const { strategy, feasible, isRuledOut = false, reasons, violations, latency, memory } = candidate;
    assert.equal(strategy.gpus, strategy.tensorParallel * strategy.pipelineParallel * strategy.dataParallel);
    if (!feasible)
      assert.ok(
        reasons.length >= 1 && violations.length >= 1,
        `reasons.length: ${reasons.length}, violations.length: ${violations.length}`,
      );
    // A queue that grows has no latency.
    const isOverloaded = violations.some(({ check }) => check === "request-rate") && latency === undefined;
    assert.equal(latency !== undefined, feasible && !isRuledOut && !isOverloaded);
    if (isRuledOut) assert.match(reasons.join(), /^It was not searched/);
    assert.ok(
      memory.weightsBytes > 0 && memory.demandBytes >= memory.weightsBytes,
      `memory.weightsBytes: ${memory.weightsBytes}, memory.demandBytes: ${memory.demandBytes}`,
    );
    for (const { change, value } of violations) {
      assert.match(change, /[a-z]+\.[a-zA-Z]+/);
      assert.doesNotMatch(value, /NaN|undefined|Infinity/);
    }
  }
  assert.ok(
    made.moduleDivision.length <= made.strategy.gpus,
    `made.moduleDivision.length: ${made.moduleDivision.length}, made.strategy.gpus: ${made.strategy.gpus}`,
  );
  assert.ok(JSON.stringify(made).length > 1000, "not so: JSON.stringify(made).length > 1000");
}

describe("any deployment", () => {
  it("has a plan that holds together, or a user error; never a crash", function () {
    this.timeout(120_000);
    fc.assert(
      fc.property(deployments, (change) => {
        const made = plan(aDeployment(asStored(change)));
        holdsTogether(made);
        try {
          assertPlan(made);
          assert.equal(made.violations.length, 0);
        } catch (error) {
          assert.ok(error instanceof PlanError && error instanceof UserError, `error: ${error}`);
          assert.equal(error.lines.length, made.violations.length);
        }
      }),
      { numRuns: Number(process.env.PLAN_RUNS ?? 12), seed: 7 },
    );
  });
});
