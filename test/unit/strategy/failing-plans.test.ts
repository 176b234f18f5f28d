import assert from "node:assert/strict";
import type { DeploymentInput } from "../../../lib/config";
import { UserError } from "../../../lib/config";
import { assertPlan, type Plan, PlanError, plan } from "../../../lib/strategy";
import { aDeployment, referencePins } from "./a-deployment";

const planned = (change: DeploymentInput): Plan => plan(aDeployment(change));

function errorOf(failing: Plan): PlanError {
  try {
    assertPlan(failing);
  } catch (error) {
    assert.ok(error instanceof PlanError && error instanceof UserError, `error: ${error}`);
    return error;
  }
  return assert.fail("the plan passes");
}

const checks = ({ violations }: Plan) => violations.map(({ check }) => check);

describe("Llama-3-70B in BF16 pinned to one GPU", () => {
  const failing = planned({ strategy: { ...referencePins, tensorParallel: 1 } });
  const error = errorOf(failing);

  it("says that 141 GB of weights do not fit in 80 GB, and which key to change", () => {
    const line = error.lines.find((text) => text.startsWith("weights-fit")) ?? "";
    assert.match(line, /would have to hold 131\.42 GiB of weights, but vLLM may use only 67\.3 GiB/);
    assert.match(line, /strategy\.tensorParallel/);
  });

  it("says that seven GPUs would stand idle", () => {
    assert.match(error.line, /world-size: TP x PP x DP is 1 x 1 x 1 = 1 GPU, and 1 x p5\.48xlarge has 8\./);
  });

  it("still has every candidate and says what the planner would choose", () => {
    assert.equal(failing.candidates.length, 17);
    assert.match(failing.recommendation.sentence, /planned, TP\d.* the pinned TP1 cannot run/);
    assert.notDeepEqual(failing.recommendation.strategy, failing.strategy);
  });

  it("knows nothing of latency, and says so instead of inventing", () => {
    assert.ok(
      Number.isNaN(failing.latency.decode.p99Ms),
      `failing.latency.decode.p99Ms: ${failing.latency.decode.p99Ms}`,
    );
    assert.equal(failing.simulation, undefined);
    assert.equal(JSON.parse(JSON.stringify(failing)).latency.decode.p99Ms, null);
  });
});

describe("a plan in which everything is wrong", () => {
  const failing = planned({
    hardware: { instanceType: "custom", gpu: "h100-sxm", gpusPerNode: 6 },
    strategy: {
      tensorParallel: 3,
      pipelineParallel: 1,
      dataParallel: 1,
      expertParallel: 3,
      sequenceParallel: 2,
    },
    envelope: { maxModelLen: 16_384 },
  });

  it("names every violation at once", () => {
    for (const id of [
      "world-size",
      "heads-divisible",
      "kv-heads-divisible",
      "mlp-divisible",
      "expert-parallel",
      "sequence-parallel",
      "model-length",
    ]) {
      assert.ok(checks(failing).includes(id), id);
    }
  });

  it("says what is wrong in whole sentences, without a colon", () => {
    for (const { sentence } of failing.violations) {
      assert.match(sentence, /^([A-Z]|vLLM ).* .*\.$/);
      assert.doesNotMatch(sentence, /: /);
    }
  });

  it("gives each a line with value, requirement and a config key, and no stack", () => {
    const { lines } = errorOf(failing);
    assert.equal(lines.length, failing.violations.length);
    for (const line of lines) {
      assert.match(line, /: [A-Zv].*\. What to change: /);
      assert.match(line, /(strategy|envelope|hardware|serving|model)\.[a-zA-Z]+/);
      assert.doesNotMatch(line, /\n|\.ts:\d/);
    }
  });
});

describe("a strategy that leaves GPUs idle but runs", () => {
  it("is simulated, and fails for the idle GPUs alone", () => {
    const failing = planned({
      strategy: { ...referencePins, tensorParallel: 4 },
      workload: { requestRate: 2 },
    });
    assert.deepEqual(checks(failing), ["world-size"]);
    assert.ok(
      failing.chosen.feasible && !failing.chosen.meetsSlo,
      `failing.chosen.feasible: ${failing.chosen.feasible}, failing.chosen.meetsSlo: ${failing.chosen.meetsSlo}`,
    );
    assert.ok(
      failing.latency.decode.p50Ms > 0,
      `failing.latency.decode.p50Ms: ${failing.latency.decode.p50Ms}`,
    );
  });
});

describe("targets that cannot be met", () => {
  it("fail the plan with the computed value beside the required one", () => {
    const failing = planned({ strategy: referencePins, slo: { decode: { p50Ms: 5 } } });
    const violation = failing.violations.find(({ check }) => check === "decode-p50");
    assert.match(violation?.requirement ?? "", /at most 5 ms/);
    assert.match(violation?.value ?? "", /^\d+(\.\d)? ms, \d+(\.\d)? ms over$/);
    assert.match(violation?.change ?? "", /slo\.decode\.p50Ms/);
    // No rate meets a target that one request alone misses.
    assert.equal(failing.throughput.sustainableRequestRate, 0);
  });

  it("choose the nearest strategy when all miss, and say so", () => {
    const failing = planned({ slo: { decode: { p50Ms: 5 } } });
    assert.match(
      failing.recommendation.sentence,
      /none of the 16 strategies meets every requirement; TP8 comes nearest/,
    );
  });

  it("beyond capacity say that the queue grows, and what could be sustained", () => {
    const failing = planned({ strategy: referencePins, workload: { requestRate: 60 } });
    const violation = failing.violations.find(({ check }) => check === "request-rate");
    assert.match(
      violation?.value ?? "",
      /grows by [\d,]+ requests a minute; at most \d+(\.\d+)? requests\/s can be served/,
    );
    assert.ok(
      checks(failing).includes("gpu-utilization"),
      'not so: checks(failing).includes("gpu-utilization")',
    );
    assert.ok(failing.chosen.latency === undefined, "an overloaded plan has no latency");
    assert.equal(failing.chosen.bottleneck?.kind, "queue");
  });

  it("of price fail the plan", () => {
    const failing = planned({ strategy: referencePins, cost: { maxUsdPerHour: 50 } });
    assert.deepEqual(checks(failing), ["price"]);
    assert.match(errorOf(failing).line, /1 x p5\.48xlarge cost 55\.04 USD per hour/);
  });

  it("of price fail the plan when no price is known, and name the key that gives one", () => {
    const hardware = { instanceType: "p5e.48xlarge" };
    const failing = planned({ hardware, strategy: referencePins, cost: { maxUsdPerHour: 50 } });
    assert.match(errorOf(failing).line, /no price is known .* set cost\.priceUsdPerHour/);
  });
});

describe("names that the catalogue does not know", () => {
  const line = (change: DeploymentInput): string => {
    try {
      planned(change);
    } catch (error) {
      if (error instanceof UserError) return error.line;
      throw error;
    }
    return assert.fail("no error");
  };

  it("are the only thing that planning throws", () => {
    assert.match(line({ model: { name: "gpt-5" } }), /^model\.name: no model "gpt-5"/);
    assert.match(
      line({ hardware: { instanceType: "p9" } }),
      /^hardware\.instanceType: no instance type "p9"/,
    );
    assert.match(line({ model: { name: "x", configPath: "x.json" } }), /^model\.configPath: /);
  });
});
