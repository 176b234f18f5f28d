import assert from "node:assert/strict";
import {
  type DeploymentInput,
  emit,
  longestContext,
  maxRate,
  plan,
  recommend,
  smallestGpu,
  UserError,
} from "../../../lib";
import { QUICK, runCli } from "../cli/run-cli";

const SETS = QUICK.filter((word) => word !== "--set");
const llama: DeploymentInput = {
  model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
  hardware: { instanceType: "g6e.xlarge" },
  workload: { requestRate: 1 },
};
const passes = (sets: readonly string[]) => plan(llama, [...SETS, ...sets]).chosen.meetsSlo;

describe("the library", function () {
  this.timeout(120_000);

  it("finds the longest context with the plan that confirms it, of a load whose tails grow with it", () => {
    const slow = ["slo.decode.p50Ms=90", "slo.decode.p99Ms=300", "slo.firstToken.p99Ms=3000"];
    const given = { ...llama, hardware: { instanceType: "custom", gpu: "L4", gpusPerNode: 1 } };
    const sets = [...SETS, ...slow, "workload.requestRate=0.2"];
    const { modelTokens, startsWithTokens, served } = longestContext(given, sets);
    assert.equal(modelTokens, 131_072);
    assert.ok(served !== undefined, "no context is served");
    assert.ok(served.tokens <= startsWithTokens, `${served.tokens} of ${startsWithTokens}`);
    assert.ok(startsWithTokens < modelTokens, `${startsWithTokens} of ${modelTokens}`);
    const again = plan(given, [...sets, `envelope.maxModelLen=${served.tokens}`]);
    assert.equal(again.chosen.meetsSlo, true);
    assert.deepEqual(served.plan.latency, again.latency);
  });

  it("finds the highest rate, and nothing where none passes", () => {
    const found = maxRate(llama, SETS);
    assert.equal(found?.plan.deployment.workload.requestRate, found?.requestRate);
    const confirmed = (rate = 0) => passes(["strategy.objective=throughput", `workload.requestRate=${rate}`]);
    assert.equal(confirmed(found?.requestRate), true);
    assert.equal(confirmed(1.3 * (found?.requestRate ?? 0)), false);
    assert.equal(maxRate(llama, [...SETS, "slo.decode.p50Ms=1", "slo.decode.p99Ms=1"]), undefined);
  });

  it("finds the smallest GPU at given prices, and says what it tries", async () => {
    const heard: string[] = [];
    const simulatedRequests = 200;
    const found = await smallestGpu(
      { model: { name: "Qwen/Qwen3-8B" }, workload: { requestRate: 1, simulatedRequests } },
      { prices: { "g6e.xlarge": 0.9 }, onProgress: (text) => heard.push(text) },
    );
    const { gpus, recommendation, smallerTried } = found ?? {};
    assert.deepEqual([gpus, recommendation?.nodes, heard.length], [1, 1, (smallerTried ?? 0) + 1]);
    assert.match(heard[0] ?? "", /^0 of \d+ machines tried/);
  });

  it("writes a plan for other tools as the command does, but for the command", () => {
    const made = plan(llama, SETS);
    const { stdout } = runCli([
      ...["emit", "kubernetes", "--model", llama.model?.name ?? "", ...QUICK],
      ...["--set", "hardware.instanceType=g6e.xlarge", "--set", "workload.requestRate=1"],
    ]);
    const command = /^# The command: (.*)$/m.exec(stdout)?.[1] ?? "";
    assert.match(command, /^npx shardplan emit kubernetes --model /);
    assert.equal(emit(made, "kubernetes", command), stdout);
    assert.equal(emit(made, "kubernetes"), stdout.replace(`# The command: ${command}\n`, ""));
    assert.match(emit(made, "compose"), /^# Made by shardplan[\s\S]*\nservices:\n/);
    assert.match(emit(made, "script"), /^#!.*\n# Made by shardplan[\s\S]*\nexec vllm serve /);
  });

  it("refuses with a UserError what it cannot read or plan", async () => {
    const wrong = { ...llama, model: { name: "gpt-9" } };
    const refused = (error: unknown) => error instanceof UserError && /gpt-9/.test(error.line);
    assert.throws(() => longestContext(wrong), refused);
    assert.throws(() => maxRate(wrong), refused);
    await assert.rejects(smallestGpu(wrong), refused);
    await assert.rejects(recommend(wrong), refused);
    const two = plan({ ...llama, hardware: { instanceType: "g6e.xlarge", nodes: 2 } }, SETS);
    assert.throws(() => emit(two, "compose"), /describes one machine, and the plan has 2/);
  });
});
