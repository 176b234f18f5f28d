import assert from "node:assert/strict";
import { renderReport } from "../../../lib/report";
import { vllmArguments } from "../../../lib/serving";
import { fixturePlan } from "./fixture-plan";
import { failingPlan, stackPlan } from "./stack-plan";

const options = { color: false, width: 100 };

/** Keys that others read: a key may be added, none may go. */
const CONTRACT: Readonly<Record<string, readonly string[]>> = {
  strategy: [
    "tensorParallel",
    "pipelineParallel",
    "dataParallel",
    "expertParallel",
    "sequenceParallel",
    "gpus",
  ],
  memoryPerGpu: [
    ...["totalBytes", "usableBytes", "weightsBytes", "activationBytes", "nonTorchBytes", "cudaGraphBytes"],
    ...["kvCacheBytes", "kvCacheTokens", "demandBytes", "demandFraction"],
  ],
  "latency.prefill": ["p50Ms", "p99Ms", "p50LowMs", "p50HighMs", "p99LowMs", "p99HighMs"],
  "latency.firstToken": ["p50Ms", "p99Ms", "p50LowMs", "p50HighMs", "p99LowMs", "p99HighMs"],
  "latency.decode": ["p50Ms", "p99Ms", "p50LowMs", "p50HighMs", "p99LowMs", "p99HighMs"],
  throughput: [
    ...[
      "maxBatchSize",
      "maxConcurrentSequences",
      "maxBatchedTokens",
      "requestRate",
      "sustainableRequestRate",
    ],
    ...["outputTokensPerSecond", "outputTokensPerSecondPerGpu"],
  ],
  communication: [
    ...["allReduceBytesPerTokenPerLayer", "bytesPerDecodeStepPerGpu", "decodeStepShare", "prefillShare"],
    "nvlinkUtilization",
  ],
  balance: ["memoryEpsilon", "computeEpsilon", "gpuUtilization"],
  serving: ["executor", "vllmArgs", "rayHead", "rayWorker"],
  "checks.0": ["id", "requirement", "value", "limit", "margin", "pass"],
  "candidates.0": ["strategy", "feasible", "meetsSlo", "reasons", "memory"],
  "moduleDivision.0": ["gpu", "stage", "firstLayer", "lastLayer", "tensorRank", "replica"],
};
const TOP = ["schemaVersion", "model", "hardware", "workload", "objective", "cost", "provenance"];

const at = (json: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], json);

describe("the plan's JSON", function () {
  this.timeout(60_000);

  for (const [name, plan] of [
    ["prod", () => stackPlan("prod")],
    ["a failing plan", failingPlan],
  ] as const) {
    it(`has every key of the contract for ${name}`, () => {
      const json: unknown = JSON.parse(renderReport(plan(), "json", options));
      for (const key of TOP) assert.ok(key in (json as object), key);
      for (const [path, keys] of Object.entries(CONTRACT)) {
        const object = at(json, path) as object;
        for (const key of keys) assert.ok(key in object, `${path}.${key}`);
      }
    });
  }

  it("carries a runnable candidate's latency, throughput and cost", () => {
    const json: unknown = JSON.parse(renderReport(stackPlan("prod"), "json", options));
    const candidates = at(json, "candidates") as Record<string, unknown>[];
    const runnable = candidates.filter((candidate) => candidate.meetsSlo);
    assert.ok(runnable.length > 0, `runnable.length: ${runnable.length}`);
    for (const key of ["latency", "throughput", "costUsdPerMillionOutputTokens"]) {
      for (const candidate of runnable) assert.ok(key in candidate, key);
    }
  });

  it("writes what is not a number as null", () => {
    const { latency } = fixturePlan();
    const unknown = { ...latency, decode: { ...latency.decode, p99Ms: Number.NaN } };
    const json: unknown = JSON.parse(renderReport(fixturePlan({ latency: unknown }), "json", options));
    assert.equal(at(json, "latency.decode.p99Ms"), null);
  });

  it("has the arguments that vllm serve gets, and the Ray command as a line", () => {
    const json: unknown = JSON.parse(renderReport(stackPlan("prod"), "json", options));
    assert.deepEqual(at(json, "serving.vllmArgs"), vllmArguments(stackPlan("prod")));
    assert.match(String(at(json, "serving.rayHead")), /^ray start --head --port=\d+/);
    assert.equal(at(json, "serving.rayWorker"), null);
  });

  it("keeps the busiest minute of a long timeline", () => {
    const quiet = Array.from({ length: 300 }, (_, second) => ({
      second,
      running: 1,
      waiting: 0,
      kvUsage: 0.1,
    }));
    const busy = quiet.map((sample) =>
      sample.second >= 200 && sample.second < 260 ? { ...sample, running: 9 } : sample,
    );
    const { simulation } = stackPlan("prod");
    assert.ok(simulation, "the plan was simulated");
    const plan = fixturePlan({ simulation: { ...simulation, timeline: busy } });
    const timeline = at(JSON.parse(renderReport(plan, "json", options)), "simulation.timeline") as {
      second: number;
    }[];
    assert.deepEqual([timeline.length, timeline[0]?.second], [60, 200]);
  });
});
