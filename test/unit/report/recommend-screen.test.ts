import assert from "node:assert/strict";
import { deploymentSchema } from "../../../lib/config";
import { recommendScreen } from "../../../lib/report";
import type { Recommendation } from "../../../lib/strategy";

/** Recommended machines as wide as they come: all GPUs of the catalogue, long names, pipelines. */
function recommendation(nodes: number, isOnFront: boolean): Recommendation {
  const band = { p50Ms: 400, p99Ms: 613, p50LowMs: 1, p50HighMs: 1, p99LowMs: 1, p99HighMs: 1 };
  return {
    ...{ instanceType: "p6-b200.48xlarge", nodes, gpu: "B200-SXM-180GB", usdPerHour: 113.9328 * nodes },
    strategy: {
      ...{ tensorParallel: 4, pipelineParallel: 2, dataParallel: nodes, expertParallel: 1 },
      ...{ sequenceParallel: 1, gpus: 8 * nodes },
    },
    serving: {
      ...{ maxNumSeqs: 128, maxNumBatchedTokens: 2048, maxModelLen: 8192, gpuMemoryUtilization: 0.85 },
      ...{ cudaGraphs: { largestTokens: 256, stride: 16 }, prefillInterval: 1, watermark: 0 },
    },
    latency: { prefill: band, firstToken: band, decode: band },
    ...{ requestMs: 1000, highestRequestRate: 13.2, usdPerMillionOutputTokens: 20.29, isOnFront },
  };
}

describe("the screen of recommended machines", () => {
  const found = Array.from({ length: 12 }, (_, at) => recommendation(at + 1, at % 2 === 0));
  const rates = { requestRate: 10, considered: 347, planned: 13, unsettledGpus: ["L4-24GB"] };
  const report = {
    model: "meta-llama/Llama-3.3-70B-Instruct",
    asked: deploymentSchema.parse({ slo: { decode: { p99Ms: 77 } } }),
    recommended: { ...rates, recommendations: found },
    more: [{ ...rates, requestRate: 1000, recommendations: [] }],
    confirm: () => "shardplan plan",
  };
  it("says why nothing passes, without a word of a table that is not there", () => {
    const none = { recommendations: [], requestRate: 1, considered: 603, planned: 0, unsettledGpus: [] };
    const text = recommendScreen({ ...report, recommended: none, more: [] }, { color: false, width: 400 });
    assert.match(text, /at 1 request\/s, for prompts of [\d,]+ and answers of [\d,]+ tokens in the mean\n/);
    assert.match(text, /The targets are prefill p50 <= .* and p99 <= 77 ms \(slo\.decode\)\./);
    assert.match(text, /None was planned, because a bound by hand/);
    assert.doesNotMatch(text, /◆|might be fast enough/);
  });

  it("names the GPUs that were left before a machine passed, and only those", () => {
    const text = (unsettledGpus: readonly string[]) =>
      recommendScreen(
        { ...report, recommended: { ...report.recommended, unsettledGpus } },
        { color: false, width: 400 },
      );
    assert.match(text(["L4-24GB", "A10G-24GB"]), /^Left after two .* may pass: L4-24GB, A10G-24GB\./m);
    assert.doesNotMatch(text([]), /Left after/);
  });

  for (const width of [80, 100]) {
    it(`has room in 25 lines of ${width} columns, a machine a line`, () => {
      const lines = recommendScreen(report, { color: false, width }).trimEnd().split("\n");
      assert.ok(lines.length <= 25, lines.join("\n"));
      assert.deepEqual(
        lines.filter((line) => line.length > width),
        [],
      );
      assert.equal(
        lines.filter((line) => /^[◆ ] \d+ x p6/.test(line)).length,
        found.length,
        lines.join("\n"),
      );
    });
  }
});
