import assert from "node:assert/strict";
import { findGpu } from "../../../../lib/catalog";
import {
  captureSizes,
  defaultCudaGraphs,
  paddedTokens,
} from "../../../../lib/performance/step/cuda-graph-padding";

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
    const graphs = { largestTokens: 512, stride: 16 };
    for (const [tokens, padded] of expected)
      assert.equal(paddedTokens(tokens, graphs), padded, `${tokens} tokens`);
  });

  it("pads to exactly the sizes that it lists", () => {
    for (const graphs of [
      { largestTokens: 256, stride: 16 },
      { largestTokens: 1000, stride: 64 },
      { largestTokens: 3, stride: 16 },
      { largestTokens: 0, stride: 16 },
    ]) {
      const padded = new Set<number>();
      for (let tokens = 1; tokens <= graphs.largestTokens; tokens++) padded.add(paddedTokens(tokens, graphs));
      assert.deepEqual(
        [...padded].filter((n) => !captureSizes(graphs).includes(n)).filter((n) => n > 2),
        [],
      );
      for (let tokens = 1; tokens <= graphs.largestTokens; tokens++)
        assert.ok(paddedTokens(tokens, graphs) >= tokens, `${tokens} tokens are not cut`);
    }
  });

  it("reaches as far as vLLM captures for the sequences: 256 tokens for 128, never beyond 512, 1,024 on B200", () => {
    const reach = (name: string, maxNumSeqs: number, maxNumBatchedTokens = 8192) =>
      defaultCudaGraphs(findGpu(name), { maxNumSeqs, maxNumBatchedTokens }).largestTokens;
    assert.equal(reach("H100-SXM-80GB", 128), 256);
    assert.equal(reach("H100-SXM-80GB", 1024), 512);
    assert.equal(reach("B200-SXM-180GB", 1024), 1024);
    assert.equal(reach("H100-SXM-80GB", 1024, 384), 384);
    // 35 sizes up to 256, 51 up to 512, 115 up to 1536: what vLLM prints while it captures.
    const count = (largestTokens: number, stride: number) => captureSizes({ largestTokens, stride }).length;
    assert.deepEqual([count(256, 16), count(512, 16), count(1536, 16), count(1536, 64)], [35, 51, 115, 55]);
  });
});
