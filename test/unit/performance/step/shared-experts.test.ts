import assert from "node:assert/strict";
import { findModel } from "../../../../lib/catalog";
import { createLatencyModel, replicaMemory } from "../../../../lib/performance";
import { decodeStep, latencyInput, prefillStep } from "../kernels/latency-input";

const model = findModel("Qwen3-235B-A22B");
const graphs = { largestTokens: 256, stride: 16 };
/** Eight replicas of one GPU that hold sixteen whole experts each. */
const spread = createLatencyModel(latencyInput({ model, tensorParallel: 1, expertParallel: 8 }), {}, graphs);

describe("replicas that share experts", () => {
  it("compute a step together as each would alone when all have the same tokens", () => {
    const step = decodeStep(32, 500);
    const together = spread.stageMs(0, step, { mostTokens: 32, allTokens: 8 * 32 });
    assert.equal(together, spread.stageMs(0, step));
  });

  it("pad to the one with the most tokens while a CUDA graph holds those", () => {
    const idle = spread.stageMs(0, decodeStep(1, 500), { mostTokens: 200, allTokens: 207 });
    const bare = { ...decodeStep(200, 0), decodeSequences: 1, decodeContextTokens: 500, sampledSequences: 1 };
    assert.equal(idle, spread.stageMs(0, bare));
  });

  it("run without CUDA graphs as soon as one has more tokens than they hold", () => {
    const few = createLatencyModel(
      latencyInput({ model, tensorParallel: 1, expertParallel: 8 }),
      {},
      {
        largestTokens: 16,
        stride: 16,
      },
    );
    const step = decodeStep(8, 500);
    const captured = few.stageMs(0, step, { mostTokens: 16, allTokens: 16 + 7 * 8 });
    const eager = few.stageMs(0, step, { mostTokens: 17, allTokens: 17 + 7 * 8 });
    const launchMs = 0.7 * model.layers;
    assert.ok(captured < launchMs, `${captured} ms`);
    assert.ok(eager > launchMs, `${eager} ms is less than launching ${model.layers} layers takes`);
  });

  it("wait for the experts of all tokens, not only for their own", () => {
    const step = prefillStep(spread, 1, 600);
    const alone = spread.stageMs(0, step, { mostTokens: 3000, allTokens: 3007 });
    const crowded = spread.stageMs(0, step, { mostTokens: 3000, allTokens: 24_000 });
    assert.ok(crowded > 1.5 * alone, `${crowded} ms against ${alone}`);
  });

  it("gather their tokens whether experts are cut or whole, and one replica gathers nothing", () => {
    const gatherMs = (expertParallel: number, expertReplicas: number) =>
      createLatencyModel(
        latencyInput({ model, tensorParallel: 2, expertParallel, expertReplicas }),
      ).breakdown(decodeStep(32, 100)).allToAllMs;
    assert.equal(gatherMs(1, 1), 0);
    assert.equal(gatherMs(2, 1), 0);
    assert.ok(gatherMs(8, 4) > 0, "not so: gatherMs(8, 4) > 0");
    assert.ok(gatherMs(1, 4) > 0, "not so: gatherMs(1, 4) > 0");
  });

  it("hold an equal share of the experts either way", () => {
    const weights = (expertParallel: number, expertReplicas: number) =>
      replicaMemory({
        ...latencyInput({ model, tensorParallel: 2, expertParallel, expertReplicas }),
        gpuMemoryUtilization: 0.9,
        maxNumSeqs: 64,
        maxNumBatchedTokens: 1024,
      }).tightest.weightsBytes;
    assert.equal(weights(1, 4), weights(8, 4));
    assert.ok(weights(1, 4) < weights(1, 1) / 3, "not so: weights(1, 4) < weights(1, 1) / 3");
  });
});
