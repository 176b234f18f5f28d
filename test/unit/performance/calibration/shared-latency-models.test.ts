import assert from "node:assert/strict";
import { findGpu, findModel } from "../../../../lib/catalog";
import {
  createLatencyModels,
  type LatencyModel,
  type LatencyModelInput,
  sharedLatencyModels,
} from "../../../../lib/performance";
import { decodeStep, latencyInput, prefillStep } from "../kernels/latency-input";

const GRAPHS = { largestTokens: 512, stride: 16 };
const stepsOf = (model: LatencyModel) => [
  decodeStep(1, 900),
  decodeStep(77, 1300),
  prefillStep(model, 1, 700),
  prefillStep(model, 3, 1700),
];

const NODE_OF_4 = { gpusPerNode: 4, network: { bytesPerSecondPerGpu: 3e9, latencyUs: 60 } };
const NODE_OF_8 = { gpusPerNode: 8, network: { bytesPerSecondPerGpu: 50e9, latencyUs: 25 } };

/** Ways to cut that lie within 4 GPUs. */
const WITHIN: readonly Partial<LatencyModelInput>[] = [
  { tensorParallel: 1 },
  { tensorParallel: 4 },
  { tensorParallel: 2, pipelineParallel: 2 },
  { tensorParallel: 1, pipelineParallel: 4, gpu: findGpu("L4-24GB") },
  { tensorParallel: 2, expertParallel: 4, expertReplicas: 2, model: findModel("Mixtral-8x7B") },
  { tensorParallel: 2, expertParallel: 1, expertReplicas: 2, model: findModel("Mixtral-8x7B") },
];

describe("shared latency models", () => {
  it("are one for nodes of any size that hold what steps together, and as those made for each", () => {
    for (const cut of WITHIN) {
      const [four, eight] = [NODE_OF_4, NODE_OF_8].map((node) => latencyInput({ ...cut, ...node }));
      assert.ok(four && eight, "two inputs");
      const shared = sharedLatencyModels(four);
      assert.equal(sharedLatencyModels(eight), shared, JSON.stringify(cut));
      for (const input of [four, eight]) {
        const own = createLatencyModels(input)(GRAPHS);
        for (const step of stepsOf(own)) {
          assert.deepEqual(shared(GRAPHS).breakdown(step), own.breakdown(step), JSON.stringify(cut));
          for (let stage = 0; stage < own.stages; stage++)
            assert.equal(shared(GRAPHS).stageMs(stage, step), own.stageMs(stage, step));
        }
      }
    }
  });
  it("are made anew for what spans nodes: the network tells", () => {
    const input = latencyInput({ tensorParallel: 8, ...NODE_OF_4 });
    const faster = { ...input, network: NODE_OF_8.network };
    const step = decodeStep(64, 900);
    const ms = (of: LatencyModelInput) => sharedLatencyModels(of)(GRAPHS).breakdown(step).totalMs;
    assert.ok(ms(faster) < ms(input), `${ms(faster)} < ${ms(input)}`);
    assert.ok(ms(latencyInput({ tensorParallel: 8, ...NODE_OF_8 })) < ms(faster), "within one node");
  });
});
