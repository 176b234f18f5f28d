import assert from "node:assert/strict";
import fc from "fast-check";
import {
  demandOfStages,
  fitMemory,
  fullestGpu,
  holdsWeights,
  memoryRow,
  relativeSpread,
} from "../../../../lib/strategy/replica/fit-memory";
import { readSituation } from "../../../../lib/strategy/situation";
import type { ServingParameters, Strategy } from "../../../../lib/strategy/types";
import { aDeployment } from "../a-deployment";

const situation = readSituation(aDeployment());
const serving: ServingParameters = {
  maxNumSeqs: 128,
  maxNumBatchedTokens: 2048,
  maxModelLen: 8192,
  gpuMemoryUtilization: 0.85,
  cudaGraphs: { largestTokens: 256, stride: 16 },
  prefillInterval: 1,
  watermark: 0,
};
const strategy = (tensorParallel: number, pipelineParallel = 1): Strategy => ({
  tensorParallel,
  pipelineParallel,
  dataParallel: 1,
  expertParallel: 1,
  sequenceParallel: 1,
  gpus: tensorParallel * pipelineParallel,
});

const degrees = fc.tuple(fc.constantFrom(1, 2, 4, 8), fc.integer({ min: 1, max: 8 }));

describe("the memory of a GPU", () => {
  it("is the sum of its parts", () => {
    fc.assert(
      fc.property(degrees, ([tp, pp]) => {
        const row = memoryRow(fitMemory(situation, strategy(tp, pp), serving), 0);
        const parts = row.weightsBytes + row.activationBytes + row.nonTorchBytes + row.cudaGraphBytes;
        assert.ok(
          Math.abs(parts + row.kvCacheBytes - row.usableBytes) < 1,
          `Math.abs(parts + row.kvCacheBytes - row.usableBytes): ${Math.abs(parts + row.kvCacheBytes - row.usableBytes)}`,
        );
        assert.ok(Math.abs(row.demandBytes - parts) < 1, "nothing cached: the demand is the fixed part");
      }),
    );
  });

  it("holds an eighth of Llama-3-70B at TP 8: 17.64 GB", () => {
    // 141.107 GB / 8 = 17.638 GB, and the norms whole on every rank: 80 x 2 x 8192 x 2 bytes x 7/8 = 2.3 MB more.
    const { weightsBytes } = memoryRow(fitMemory(situation, strategy(8), serving), 0);
    assert.equal((weightsBytes / 1e9).toFixed(2), "17.64");
  });

  it("that is larger never holds less", () => {
    const utilization = fc.tuple(
      fc.double({ min: 0.3, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 0.5, noNaN: true }),
    );
    fc.assert(
      fc.property(degrees, utilization, ([tp, pp], [share, more]) => {
        const tokens = (gpuMemoryUtilization: number) =>
          fitMemory(situation, strategy(tp, pp), { ...serving, gpuMemoryUtilization }).kvCacheTokens;
        assert.ok(
          tokens(Math.min(1, share + more)) >= tokens(share),
          "not so: tokens(Math.min(1, share + more)) >= tokens(share)",
        );
      }),
    );
  });

  it("holds fewer tokens with more sequences or a larger step, never more", () => {
    fc.assert(
      fc.property(degrees, fc.integer({ min: 1, max: 8 }), ([tp, pp], factor) => {
        const tokens = (parameters: Partial<ServingParameters>) =>
          fitMemory(situation, strategy(tp, pp), { ...serving, ...parameters }).kvCacheTokens;
        assert.ok(
          tokens({ maxNumSeqs: 128 * factor }) <= tokens({}),
          "not so: tokens({ maxNumSeqs: 128 * factor }) <= tokens({})",
        );
        assert.ok(
          tokens({ maxNumBatchedTokens: 2048 * factor }) <= tokens({}),
          "not so: tokens({ maxNumBatchedTokens: 2048 * factor }) <= tokens({})",
        );
      }),
    );
  });

  it("does not hold Llama-3-70B in BF16 on one GPU, nor a sequence on two", () => {
    assert.equal(holdsWeights(fitMemory(situation, strategy(1), serving)), false);
    assert.ok(
      fitMemory(situation, strategy(2), serving).kvCacheTokens < 8192,
      "not so: fitMemory(situation, strategy(2), serving).kvCacheTokens < 8192",
    );
    assert.ok(
      fitMemory(situation, strategy(4), serving).kvCacheTokens > 128 * 1155,
      "not so: fitMemory(situation, strategy(4), serving).kvCacheTokens > 128 * 1155",
    );
  });
});

describe("the demand", () => {
  it("differs between stages by embedding and logits: uneven from three stages on", () => {
    const spread = (pp: number) =>
      relativeSpread(demandOfStages(fitMemory(situation, strategy(2, pp), serving), 0));
    assert.ok(spread(1) === 0, "not so: spread(1) === 0");
    assert.ok(spread(2) < 0.01, "one has the embedding, the other the logits: both 128256 x 8192");
    assert.ok(spread(4) > 0.05, "not so: spread(4) > 0.05");
  });

  it("grows with the tokens in the cache by the bytes of a token", () => {
    const fit = fitMemory(situation, strategy(8), serving);
    const [empty = 0] = demandOfStages(fit, 0);
    const [full = 0] = demandOfStages(fit, 1000);
    // 2 x 80 layers x 1 head x 128 x 2 bytes = 40960 bytes a token and GPU.
    assert.equal(full - empty, 1000 * 40_960);
    assert.equal(fullestGpu(fit).stage, 0);
  });
});

describe("the relative spread", () => {
  it("is (max - min) / mean", () => {
    assert.equal(relativeSpread([1, 2, 3]), 1);
    assert.equal(relativeSpread([5]), 0);
    assert.equal(relativeSpread([0, 0]), 0);
  });
});
