import assert from "node:assert/strict";
import { findModel } from "../../../../lib/catalog";
import { expertRanksInNode, tensorRanksInNode } from "../../../../lib/performance/shards/ranks-in-node";
import { createLatencyModel } from "../kernels/kernel-model";
import { decodeStep, latencyInput } from "../kernels/latency-input";

const places = (tensorParallel: number, pipelineParallel: number, expertParallel = 1, gpusPerNode = 8) => ({
  tensorParallel,
  pipelineParallel,
  expertParallel,
  gpusPerNode,
});

describe("ranks of a group in one node", () => {
  it("are all of a tensor-parallel group whose replica fits the node, whatever its size", () => {
    assert.equal(tensorRanksInNode(places(8, 1)), 8);
    assert.equal(tensorRanksInNode(places(4, 2)), 4);
    assert.equal(tensorRanksInNode(places(3, 2)), 3);
  });

  it("are fewer when the group is larger than a node or straddles two", () => {
    assert.equal(tensorRanksInNode(places(16, 1)), 8);
    assert.equal(tensorRanksInNode(places(8, 2, 1, 4)), 4);
    assert.equal(tensorRanksInNode(places(6, 2)), 2, "GPUs 6 to 11 lie on two nodes");
  });

  it("are, of experts, those of the replicas that a node holds", () => {
    assert.equal(expertRanksInNode(places(1, 1, 8)), 8);
    assert.equal(expertRanksInNode(places(1, 2, 8)), 4, "four replicas of two GPUs fill a node");
    assert.equal(expertRanksInNode(places(2, 2, 16)), 4);
    assert.equal(expertRanksInNode(places(8, 1, 16)), 8);
  });

  it("send experts' tokens over the network when the group spans nodes", () => {
    const stepMs = (bytesPerSecondPerGpu: number) => {
      const network = { bytesPerSecondPerGpu, latencyUs: 15 };
      const model = findModel("Qwen/Qwen3-235B-A22B");
      const shape = { model, tensorParallel: 1, pipelineParallel: 2, expertParallel: 8, network };
      return createLatencyModel(latencyInput(shape)).breakdown(decodeStep(64, 1000)).allToAllMs;
    };
    const [tcp, efa] = [stepMs(1e9), stepMs(50e9)];
    assert.ok(tcp > 5 * efa, `${tcp} ms over a slow network, ${efa} over a fast one`);
  });
});
