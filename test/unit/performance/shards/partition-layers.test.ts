import assert from "node:assert/strict";
import fc from "fast-check";
import { partitionLayers } from "../../../../lib/performance";

describe("layers of pipeline stages", () => {
  it("are divided as vLLM divides them", () => {
    assert.deepEqual(partitionLayers(80, 1), [80]);
    assert.deepEqual(partitionLayers(80, 4), [20, 20, 20, 20]);
    // 80 = 3 x 26 + 2: the two spare layers go to the stages before the last.
    assert.deepEqual(partitionLayers(80, 3), [27, 27, 26]);
    // 80 = 6 x 13 + 2.
    assert.deepEqual(partitionLayers(80, 6), [13, 13, 13, 14, 14, 13]);
  });

  it("tile the model without gap and differ by one at most", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 16 }), (layers, stages) => {
        fc.pre(layers >= stages);
        const parts = partitionLayers(layers, stages);
        assert.equal(parts.length, stages);
        assert.equal(
          parts.reduce((a, b) => a + b, 0),
          layers,
        );
        assert.ok(
          Math.max(...parts) - Math.min(...parts) <= 1,
          `Math.max(...parts) - Math.min(...parts): ${Math.max(...parts) - Math.min(...parts)}`,
        );
      }),
    );
  });
});
