import assert from "node:assert/strict";
import { findModel } from "../../../../lib/catalog";
import { groupCollectives } from "../../../../lib/performance/kernels/collectives";
import { latencyConstants } from "../../../../lib/performance/kernels/constants";
import { kernelsOf } from "../../../../lib/performance/kernels/kernels-of";
import { shardOf } from "../../../../lib/performance/shards/shard";
import { expertFeedForward } from "../../../../lib/performance/step/expert-feed-forward";
import { createLatencyModel } from "../kernels/kernel-model";
import { decodeStep, error, fixture, latencyInput, prefillStep, quantile } from "../kernels/latency-input";

/** Experts of one layer in microseconds, router left out as in the measurement. */
function expertsUs(row: Record<string, string>): number {
  const [hidden, inter, topk, count, tp, ep, tokens] = [
    row.hidden,
    row.inter,
    row.topk,
    row.experts,
    row.moe_tp,
    row.moe_ep,
    row.tokens,
  ].map(Number);
  const experts = { count, activePerToken: topk, intermediateSize: inter, shared: 0 };
  const model = { ...findModel("Mixtral-8x7B"), hiddenSize: hidden, experts };
  // vLLM spreads whole experts over the tensor-parallel group.
  const tensorParallel = Math.max(tp, ep);
  const input = { ...latencyInput({ model, tensorParallel, expertParallel: ep }), experts };
  const kernels = kernelsOf(input);
  const group = groupCollectives(kernels.collectives, tensorParallel, {
    ...input,
    ranksInNode: tensorParallel,
  });
  const parts = { kernels, shard: shardOf(input), group, constants: latencyConstants };
  const costs = expertFeedForward(input, parts, () => 0);
  const routerUs = kernels.gemmUs({ n: count, k: hidden }, "bf16")(tokens);
  return costs.gemmUs(tokens) - routerUs + costs.elementwiseMs(tokens) * 1e3;
}

describe("mixture of experts", () => {
  it("takes what fused kernels were measured to take, within 12 % in the median and 30 % at p90", () => {
    const rows = fixture("aiconfigurator-moe-h100.csv");
    const errors = rows.map((row) => Math.abs(error(expertsUs(row), Number(row.us))));
    assert.equal(errors.length, 78);
    assert.ok(quantile(errors, 0.5) < 0.12, `median ${quantile(errors, 0.5)}`);
    assert.ok(quantile(errors, 0.9) < 0.3, `p90 ${quantile(errors, 0.9)}`);
  });

  it("sends tokens to other ranks only when the experts lie beyond the tensor-parallel group", () => {
    const model = findModel("Mixtral-8x7B");
    const allToAllMs = (expertParallel: number) =>
      createLatencyModel(latencyInput({ model, tensorParallel: 2, expertParallel })).breakdown(
        decodeStep(32, 100),
      ).allToAllMs;
    assert.equal(allToAllMs(2), 0);
    assert.ok(allToAllMs(8) > 0, "not so: allToAllMs(8) > 0");
  });

  it("reads fewer experts for a smaller batch", () => {
    const model = findModel("Qwen3-235B-A22B");
    const latency = createLatencyModel(latencyInput({ model }));
    // One token wakes 8 of 128 experts, 512 tokens nearly all: the weights read differ 16-fold, the rest does not.
    const [one, many] = [1, 512].map((batch) => latency.breakdown(prefillStep(latency, 1, batch)).gemmMs);
    assert.ok(many > 4 * one, `${many} against ${one} ms`);
  });

  it("computes shared experts as one more dense product of every token, cut by tensor parallelism alone", () => {
    const plain = findModel("Mixtral-8x7B");
    const { experts } = plain;
    if (!experts) return assert.fail("Mixtral has experts");
    for (const [shared, expertParallel] of [
      [1, 1],
      [2, 1],
      [2, 8],
    ] as const) {
      const step = decodeStep(32, 100);
      const input = (model: typeof plain) => latencyInput({ model, tensorParallel: 4, expertParallel });
      const gemmMs = (model: typeof plain) => createLatencyModel(input(model)).breakdown(step).gemmMs;
      const { gemmUs } = kernelsOf(input(plain));
      const width = (shared * experts.intermediateSize) / 4;
      const up = gemmUs({ n: 2 * width, k: plain.hiddenSize }, "bf16")(32);
      const down = gemmUs({ n: plain.hiddenSize, k: width }, "bf16")(32);
      const added = gemmMs({ ...plain, experts: { ...experts, shared } }) - gemmMs(plain);
      const expected = (plain.layers * (up + down)) / 1e3;
      assert.ok(Math.abs(added / expected - 1) < 1e-6, `${shared} shared: ${added} ms for ${expected} ms`);
    }
  });
});
