import assert from "node:assert/strict";
import { findGpu, findModel } from "../../../../lib/catalog";
import { createLatencyModel } from "../../../../lib/performance";
import { decodeStep, latencyInput } from "../kernels/latency-input";

/** What the norms of queries and keys add to a decode step of one sequence, in ms. */
function addedMs(name: string, tensorParallel: number) {
  const model = findModel(name);
  const { queryKeyNorm: _, ...plain } = model;
  const [with_, without] = [model, plain].map((each) => {
    const input = latencyInput({ model: each, gpu: findGpu("H200-SXM-141GB"), tensorParallel });
    return createLatencyModel(input).breakdown(decodeStep(1, 100));
  });
  assert.ok(with_ && without, "both were computed");
  return { layers: model.layers, all: with_.totalMs - without.totalMs };
}

describe("norms of queries and keys", () => {
  it("are two kernels a layer where each head has its own", () => {
    const { layers, all } = addedMs("Qwen/Qwen3-32B", 4);
    // 3 us each, and moving a few kilobytes.
    assert.ok(Math.abs(all / layers - 0.006) < 0.0002, `${all / layers} ms a layer`);
  });

  it("are an all-reduce more where they go over all heads, and so over all ranks", () => {
    const one = addedMs("MiniMaxAI/MiniMax-M2.5", 1);
    const eight = addedMs("MiniMaxAI/MiniMax-M2.5", 8);
    assert.ok(eight.all - one.all > one.layers * 0.004, `${one.all} ms on one GPU, ${eight.all} ms on eight`);
  });
});
