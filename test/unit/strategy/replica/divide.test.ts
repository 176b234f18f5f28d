import assert from "node:assert/strict";
import fc from "fast-check";
import { findModel } from "../../../../lib/catalog";
import { divideModules } from "../../../../lib/strategy/replica/divide";

const model = findModel("Llama-3-70B");

const strategies = fc
  .record({
    tensorParallel: fc.integer({ min: 1, max: 8 }),
    pipelineParallel: fc.integer({ min: 1, max: 12 }),
    dataParallel: fc.integer({ min: 1, max: 4 }),
  })
  .map((degrees) => ({
    ...degrees,
    expertParallel: 1,
    sequenceParallel: 1,
    gpus: degrees.tensorParallel * degrees.pipelineParallel * degrees.dataParallel,
  }));

describe("the module division", () => {
  it("numbers every GPU once and fills nodes in order", () => {
    fc.assert(
      fc.property(strategies, (strategy) => {
        const parts = divideModules(model, strategy, 8);
        assert.deepEqual(
          parts.map(({ gpu }) => gpu),
          Array.from({ length: strategy.gpus }, (_, gpu) => gpu),
        );
        for (const { gpu, node } of parts) assert.equal(node, Math.floor(gpu / 8));
      }),
    );
  });

  it("tiles the layers of each rank of each replica without gap or overlap", () => {
    fc.assert(
      fc.property(strategies, (strategy) => {
        const parts = divideModules(model, strategy, 8);
        for (let replica = 0; replica < strategy.dataParallel; replica++) {
          for (let rank = 0; rank < strategy.tensorParallel; rank++) {
            const own = parts.filter((p) => p.replica === replica && p.tensorRank === rank);
            const layers = own.flatMap(({ firstLayer, lastLayer }) =>
              Array.from({ length: lastLayer - firstLayer + 1 }, (_, i) => firstLayer + i),
            );
            assert.deepEqual(
              layers,
              Array.from({ length: 80 }, (_, layer) => layer),
            );
          }
        }
      }),
    );
  });

  it("puts the embedding on the first stage and the logits on the last", () => {
    const parts = divideModules(model, { ...base, tensorParallel: 2, pipelineParallel: 4 }, 8);
    assert.deepEqual(
      parts.map(({ embedding, logits }) => [embedding, logits]),
      [...Array(2).fill([true, false]), ...Array(4).fill([false, false]), ...Array(2).fill([false, true])],
    );
  });

  it("splits 80 layers over 6 stages as vLLM does", () => {
    // get_pp_indices: 13 each, the two left over go to the stages before the last.
    const parts = divideModules(model, { ...base, tensorParallel: 1, pipelineParallel: 6 }, 8);
    assert.deepEqual(
      parts.map(({ firstLayer, lastLayer }) => lastLayer - firstLayer + 1),
      [13, 13, 13, 14, 14, 13],
    );
  });

  it("keeps a tensor group on neighbouring GPUs", () => {
    const parts = divideModules(model, { ...base, tensorParallel: 4, dataParallel: 2 }, 8);
    assert.deepEqual(
      parts.map(({ replica, tensorRank }) => [replica, tensorRank]),
      [0, 1].flatMap((replica) => [0, 1, 2, 3].map((rank) => [replica, rank])),
    );
  });
});

const base = {
  tensorParallel: 1,
  pipelineParallel: 1,
  dataParallel: 1,
  expertParallel: 1,
  sequenceParallel: 1,
  gpus: 8,
} as const;
