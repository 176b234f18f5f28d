import assert from "node:assert/strict";
import { answersQuestions, expectedLoad, judgeLoad, loadTest, type MeasuredLoad } from "../../../lib/serving";
import { planOf } from "./plan-fixture";

const plan = planOf();

/** A measurement in the middle of everything that the plan says. */
function asPlanned(): MeasuredLoad {
  const { firstToken, decode } = plan.latency;
  return {
    completed: 480,
    failed: 0,
    seconds: 60,
    outputTokensPerSecond: plan.throughput.outputTokensPerSecond,
    firstToken: { p50: firstToken.p50Ms, p99: firstToken.p99Ms },
    decode: { p50: decode.p50Ms, p99: decode.p99Ms },
    prefill: { p50: [0, 300], p99: [0, 300] },
  };
}

describe("the load test of a plan", () => {
  it("has the plan's rate, seed and lengths, within what the server takes", () => {
    const test = loadTest(plan);
    // 60 seconds by default
    assert.equal(test.requests.length, Math.round(plan.throughput.requestRate * 60));
    assert.equal(test.requestRate, plan.throughput.requestRate);
    assert.deepEqual(
      [test.burstiness, test.concurrency, test.seed],
      [1, null, plan.deployment.workload.seed],
    );
    for (const [prompt, output] of test.requests) {
      assert.ok(prompt >= 1 && output >= 1, `${prompt} + ${output}`);
      assert.ok(prompt + output <= plan.serving.maxModelLen, `${prompt} + ${output}`);
    }
    assert.deepEqual(loadTest(plan), test);
  });

  it("sends never fewer than thirty requests, and in a closed loop as many at once as there are clients", () => {
    const test = loadTest(
      planOf({ workload: { arrivals: "closed", concurrency: 4 }, proof: { loadSeconds: 1 } }),
    );
    assert.deepEqual([test.requests.length, test.requestRate, test.concurrency], [30, null, 4]);
  });
});

describe("judgeLoad", () => {
  it("finds what was measured within the band, and the targets met", () => {
    const { verdict, rows, text } = judgeLoad(expectedLoad(plan), asPlanned());
    assert.equal(verdict, "as planned");
    assert.deepEqual(
      rows.map(({ quantity }) => quantity),
      ["prefill p50", "prefill p99", "first token p50", "first token p99", "decode p50", "decode p99"],
    );
    assert.equal(rows[5]?.againstPlan, "within the band");
    assert.match(
      text,
      /^load test: as planned \(480 requests in 60 s, 0 failed\)\nms +predicted +band +measured +target/,
    );
    assert.match(text, /^decode p99 .* meets the target, within the band$/m);
  });

  it("says that a target is missed, and that the plan was too hopeful, each by itself", () => {
    const { slo } = plan.deployment;
    const missed = judgeLoad(expectedLoad(plan), {
      ...asPlanned(),
      decode: { p50: 1, p99: slo.decode.p99Ms + 0.1 },
    });
    assert.equal(missed.verdict, "targets missed");
    const high = plan.latency.decode.p50HighMs;
    const slower = judgeLoad(expectedLoad(planOf({ slo: { decode: { p50Ms: 2 * high, p99Ms: 1000 } } })), {
      ...asPlanned(),
      decode: { p50: 1.01 * high, p99: plan.latency.decode.p99Ms },
    });
    assert.equal(slower.verdict, "slower than planned");
  });

  it("says beside a miss that the host had other work, and nothing of it where it had time or all is as planned", () => {
    const textWith = (wantedCores: number, p50: number) =>
      judgeLoad(expectedLoad(plan), {
        ...asPlanned(),
        decode: { p50, p99: 1e6 },
        host: { wantedCores, cores: 2 },
      }).text;
    assert.match(textWith(7.25, 1), /busy: on average 7\.25 processes at once wanted its 2 cores/);
    assert.doesNotMatch(textWith(2, 1), /busy/);
    const fine = judgeLoad(expectedLoad(plan), { ...asPlanned(), host: { wantedCores: 7, cores: 2 } });
    assert.doesNotMatch(fine.text, /busy/);
  });

  it("counts a failed request before any latency", () => {
    assert.equal(judgeLoad(expectedLoad(plan), { ...asPlanned(), failed: 1 }).verdict, "requests failed");
  });

  it("judges a range only where it lies on one side of the target", () => {
    const verdicts = ([[0, 50], [50, 900], [9_000, null], null] as const).map(
      (p50) =>
        judgeLoad(expectedLoad(plan), { ...asPlanned(), prefill: { p50, p99: null } }).rows[0]?.verdict,
    );
    assert.deepEqual(verdicts, ["meets the target", "cannot tell", "misses the target", "cannot tell"]);
  });

  it("says on hardware that the plan does not speak of that it cannot judge it, and still judges targets", () => {
    const cpu = { ...plan, gpu: { ...plan.gpu, kind: "cpu" as const, name: "CPU" } };
    const { rows, text } = judgeLoad(expectedLoad(cpu as typeof plan), {
      ...asPlanned(),
      decode: { p50: 1, p99: 1e6 },
    });
    assert.deepEqual(new Set(rows.map(({ againstPlan }) => againstPlan)), new Set(["not judged"]));
    assert.equal(rows[5]?.verdict, "misses the target");
    assert.match(text, /The plan does not speak of CPU: only targets are judged/);
  });
});

describe("the question whose answer is checked", () => {
  it("is asked of every model but those of random weights", () => {
    assert.ok(answersQuestions(plan), plan.deployment.model.name);
    for (const name of ["rehearsal/tiny-llama", "hf-internal-testing/tiny-random-LlamaForCausalLM"]) {
      const random = {
        ...plan,
        deployment: { ...plan.deployment, model: { ...plan.deployment.model, name } },
      };
      assert.ok(!answersQuestions(random), name);
    }
  });
});
