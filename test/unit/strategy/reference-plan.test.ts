import assert from "node:assert/strict";
import { readStackFile } from "../../../lib/config";
import { assertPlan, type Plan, plan, sameStrategy, strategyLabel } from "../../../lib/strategy";

/** Value of a check of the plan. */
const check = (of: Plan, id: string) => of.checks.find((c) => c.id === id) ?? assert.fail(`no check ${id}`);

describe("the plan of the prod stack", () => {
  let prod: Plan;
  before(() => {
    prod = plan(readStackFile("Pulumi.prod.yaml"));
  });

  it("is the document's strategy, pinned, and passes", () => {
    assert.equal(strategyLabel(prod.strategy), "TP8");
    assert.equal(prod.pinned, true);
    assert.equal(assertPlan(prod), prod);
  });

  it("is held against what the planner would choose, which meets everything too", () => {
    const best = prod.candidates.find(({ strategy }) => sameStrategy(strategy, prod.recommendation.strategy));
    assert.equal(best?.meetsSlo, true);
    assert.match(
      prod.recommendation.sentence,
      /of the 16 strategies that were planned, TP8 has the shortest mean request/,
    );
  });

  it("meets the document's targets, each with its check", () => {
    const limits: [string, number][] = [
      ["prefill-p50", 500],
      ["prefill-p99", 1000],
      ["first-token-p99", 1000],
      ["decode-p50", 50],
      ["decode-p99", 100],
      ["request-rate", 8],
      ["max-batch", 64],
      ["max-concurrency", 128],
      ["memory-fraction", 0.85],
      ["memory-epsilon", 0.05],
      ["gpu-utilization", 0.7],
    ];
    for (const [id, limit] of limits) {
      assert.equal(check(prod, id).limit, limit, id);
      assert.equal(check(prod, id).pass, true, id);
    }
  });

  it("decodes no faster than the weights can be read", () => {
    // 17.64 GB a step at 3.35 TB/s: the document's 6.4 ms leave 1.1 ms for 161 all-reduces and the KV cache.
    const floorMs = (prod.memoryPerGpu.weightsBytes / prod.gpu.hbmBytesPerSecond) * 1000;
    assert.ok(
      prod.latency.decode.p50Ms > floorMs,
      `prod.latency.decode.p50Ms: ${prod.latency.decode.p50Ms}, floorMs: ${floorMs}`,
    );
    assert.ok(
      prod.latency.decode.p50Ms < 4 * floorMs,
      `prod.latency.decode.p50Ms: ${prod.latency.decode.p50Ms}, 4 * floorMs: ${4 * floorMs}`,
    );
  });

  it("keeps prefill chunks small enough for the decode target, within the envelope", () => {
    // A step of 8192 tokens takes about 350 ms on 8 H100: three times the target.
    assert.ok(
      prod.serving.maxNumBatchedTokens < 4096,
      `prod.serving.maxNumBatchedTokens: ${prod.serving.maxNumBatchedTokens}`,
    );
    assert.ok(
      prod.serving.maxNumBatchedTokens >= prod.serving.maxNumSeqs,
      `prod.serving.maxNumBatchedTokens: ${prod.serving.maxNumBatchedTokens}, prod.serving.maxNumSeqs: ${prod.serving.maxNumSeqs}`,
    );
    assert.equal(prod.serving.maxNumSeqs, 128);
    assert.ok(
      prod.latency.decode.p99HighMs <= 110,
      `prod.latency.decode.p99HighMs: ${prod.latency.decode.p99HighMs}`,
    );
  });

  it("serves the arriving tokens: 8 requests/s x 156 tokens = 1248 tokens/s", () => {
    const { outputTokensPerSecond, outputTokensPerSecondPerGpu } = prod.throughput;
    // A run of 2000 random lengths is within a few percent of its mean.
    assert.ok(Math.abs(outputTokensPerSecond / 1248 - 1) < 0.06, String(outputTokensPerSecond));
    assert.equal(outputTokensPerSecondPerGpu, outputTokensPerSecond / 8);
    assert.ok(
      prod.throughput.sustainableRequestRate > 8,
      `prod.throughput.sustainableRequestRate: ${prod.throughput.sustainableRequestRate}`,
    );
    assert.ok(
      prod.throughput.saturatedRequestRate >= prod.throughput.sustainableRequestRate,
      `prod.throughput.saturatedRequestRate: ${prod.throughput.saturatedRequestRate}, prod.throughput.sustainableRequestRate: ${prod.throughput.sustainableRequestRate}`,
    );
  });

  it("moves 32 KiB per token and layer: two all-reduces of 8192 x 2 bytes", () => {
    assert.equal(prod.communication.allReduceBytesPerTokenPerLayer, 32_768);
    assert.ok(
      prod.communication.decodeStepShare > 0.05 && prod.communication.decodeStepShare < 0.4,
      `prod.communication.decodeStepShare: ${prod.communication.decodeStepShare}`,
    );
    assert.ok(
      prod.communication.nvlinkUtilization > 0 && prod.communication.nvlinkUtilization < 0.8,
      `prod.communication.nvlinkUtilization: ${prod.communication.nvlinkUtilization}`,
    );
  });

  it("is symmetric: every GPU holds the same", () => {
    assert.equal(prod.balance.memoryEpsilon, 0);
    assert.equal(prod.balance.computeEpsilon, 0);
    assert.equal(prod.balance.bubbleShare, 0);
    assert.equal(prod.moduleDivision.length, 8);
    for (const part of prod.moduleDivision) assert.deepEqual([part.firstLayer, part.lastLayer], [0, 79]);
  });

  it("leaves room for every sequence at full length: 128 x 8192 tokens", () => {
    assert.ok(
      prod.memoryPerGpu.kvCacheTokens > 128 * 8192,
      `prod.memoryPerGpu.kvCacheTokens: ${prod.memoryPerGpu.kvCacheTokens}`,
    );
    assert.ok(
      prod.memoryPerGpu.kvCacheTokensLow <= prod.memoryPerGpu.kvCacheTokens,
      `prod.memoryPerGpu.kvCacheTokensLow: ${prod.memoryPerGpu.kvCacheTokensLow}, prod.memoryPerGpu.kvCacheTokens: ${prod.memoryPerGpu.kvCacheTokens}`,
    );
    assert.ok(
      prod.memoryPerGpu.kvCacheTokens <= prod.memoryPerGpu.kvCacheTokensHigh,
      `prod.memoryPerGpu.kvCacheTokens: ${prod.memoryPerGpu.kvCacheTokens}, prod.memoryPerGpu.kvCacheTokensHigh: ${prod.memoryPerGpu.kvCacheTokensHigh}`,
    );
    assert.ok(prod.memoryPerGpu.demandFraction < 0.369, "the document demands 36.9 %");
  });

  it("has a band around every latency", () => {
    for (const { p50Ms, p99Ms, p50LowMs, p50HighMs, p99LowMs, p99HighMs } of Object.values(prod.latency)) {
      assert.ok(
        p50LowMs < p50Ms && p50Ms < p50HighMs && p50Ms <= p99Ms,
        `p50LowMs: ${JSON.stringify(p50LowMs)}, p50Ms: ${JSON.stringify(p50Ms)}, p50HighMs: ${JSON.stringify(p50HighMs)}, p99Ms: ${JSON.stringify(p99Ms)}`,
      );
      assert.ok(
        p99LowMs < p99Ms && p99Ms < p99HighMs,
        `p99LowMs: ${JSON.stringify(p99LowMs)}, p99Ms: ${JSON.stringify(p99Ms)}, p99HighMs: ${JSON.stringify(p99HighMs)}`,
      );
    }
  });

  it("simulates the plan with at least as many requests as the config says", () => {
    assert.ok((prod.chosen.simulatedRequests ?? 0) >= 2000, `${prod.chosen.simulatedRequests} requests`);
  });

  it("explains its steps: the parts add up", () => {
    for (const { totalMs, ...parts } of Object.values(prod.steps)) {
      const sum = Object.values(parts).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - totalMs) < 1e-6, `Math.abs(sum - totalMs): ${Math.abs(sum - totalMs)}`);
    }
  });

  it("is frozen", () => {
    assert.throws(() => Object.assign(prod.candidates[0] ?? {}, { feasible: true }), TypeError);
    assert.ok(Object.isFrozen(prod.memoryPerGpu), `prod.memoryPerGpu: ${JSON.stringify(prod.memoryPerGpu)}`);
  });
});
