import assert from "node:assert/strict";
import { paddedTokens } from "../../../../lib/performance/step/cuda-graph-padding";

describe("CUDA-graph padding", () => {
  it("rounds up to the captured sizes and leaves larger steps alone", () => {
    // Captured: 1, 2, 4, every 8 up to 256, every 16 up to 512.
    const expected = [
      [1, 1],
      [3, 4],
      [5, 8],
      [9, 16],
      [255, 256],
      [257, 272],
      [512, 512],
      [513, 513],
    ];
    for (const [tokens, padded] of expected) assert.equal(paddedTokens(tokens), padded, `${tokens} tokens`);
  });
});
