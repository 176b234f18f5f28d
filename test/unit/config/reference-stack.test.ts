import assert from "node:assert/strict";
import { join } from "node:path";
import { readStackFile } from "../../../lib/config";

const stack = (name: string) => readStackFile(join(__dirname, "../../..", `Pulumi.${name}.yaml`));

describe("the stacks that come with shardplan", () => {
  it("prod is the reference document", () => {
    const { model, hardware, strategy, slo, workload, envelope, serving, hosts } = stack("prod");
    assert.deepEqual([model.name, model.precision], ["meta-llama/Meta-Llama-3-70B-Instruct", "bf16"]);
    assert.deepEqual([hardware.instanceType, hardware.nodes], ["p5.48xlarge", 1]);
    assert.deepEqual(strategy, {
      tensorParallel: 8,
      pipelineParallel: 1,
      dataParallel: 1,
      expertParallel: 1,
      sequenceParallel: 1,
      objective: "latency",
    });
    assert.deepEqual(slo.prefill, { p50Ms: 500, p99Ms: 1000 });
    assert.deepEqual(slo.decode, { p50Ms: 50, p99Ms: 100 });
    assert.equal(slo.firstToken.p99Ms, 1000);
    assert.equal(workload.requestRate, 8);
    assert.deepEqual(envelope, {
      maxBatchSize: 64,
      maxNumSeqs: 128,
      maxNumBatchedTokens: 8192,
      maxModelLen: 8192,
      maxMemoryFraction: 0.85,
      memoryEpsilon: 0.05,
      gpuUtilizationTarget: 0.7,
    });
    assert.equal(serving.executor, "ray");
    assert.deepEqual(hosts, []);
  });

  it("byo asks for the same plan as prod, on given hosts", () => {
    const { hosts, aws: _, ...byo } = stack("byo");
    const { hosts: none, aws: __, ...prod } = stack("prod");
    assert.deepEqual(byo, prod);
    assert.deepEqual([hosts.length, none.length], [byo.hardware.nodes, 0]);
  });

  it("dev is an 8B model with the strategy left to the planner", () => {
    const { model, strategy, hardware } = stack("dev");
    assert.match(model.name, /8B/);
    assert.deepEqual([strategy.tensorParallel, hardware.nodes], ["auto", 1]);
  });
});
