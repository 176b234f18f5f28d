import assert from "node:assert/strict";
import { findGpu } from "../../../../lib/catalog";
import type { Precision } from "../../../../lib/performance";
import { latencyConstants } from "../../../../lib/performance/kernels/constants";
import { gemmCurve } from "../../../../lib/performance/kernels/gemm-curve";
import { kernelsOf } from "../../../../lib/performance/kernels/kernels-of";
import { h100 } from "../../../../lib/performance/kernels/references";
import { createLatencyModel } from "./kernel-model";
import { decodeStep, error, fixture, latencyInput, prefillStep, quantile } from "./latency-input";

/** Kernels alone, as the peer's static mode sums them. */
const kernelsOnly = (tensorParallel: number) =>
  createLatencyModel(latencyInput({ tensorParallel }), {
    hostMsPerStep: 0,
    hostMsPerSequence: 0,
    elementwiseBandwidthShare: 0.8,
    elementwiseLaunchMs: 0.003,
    expertSkew: 1,
  });

describe("kernel sums of Llama-70B on H100 against a peer's", () => {
  const rows = fixture("aiconfigurator-static-llama70b-h100.csv").filter(
    (row) => row.precision === "bf16" && Number(row.batch) >= 8,
  );

  for (const row of rows) {
    const [tp, batch, isl, osl] = [row.tp, row.batch, row.isl, row.osl].map(Number);
    it(`agrees within 2 % at TP ${tp}, batch ${batch}`, () => {
      const model = kernelsOnly(tp);
      // The peer's time per token is the mean over the output: osl - 1 decode steps after the prompt's.
      let decodeMs = 0;
      for (let i = 1; i < osl; i++)
        decodeMs += model.breakdown(decodeStep(batch, isl + i)).totalMs / (osl - 1);
      const prefillMs = model.breakdown(prefillStep(model, batch, isl)).totalMs;
      assert.ok(
        Math.abs(error(decodeMs, Number(row.tpot_ms))) < 0.02,
        `decode ${decodeMs} for ${row.tpot_ms} ms`,
      );
      assert.ok(
        Math.abs(error(prefillMs, Number(row.ttft_ms))) < 0.02,
        `prefill ${prefillMs} for ${row.ttft_ms} ms`,
      );
    });
  }

  it("has rows to agree with", () => assert.equal(rows.length, 12));
});

describe("kernels of Llama-70B on H100 against a second lab's", () => {
  it("agree within 12 % on the linear layers of a step, over 1 to 4096 tokens at TP 1 to 8", () => {
    const gpu = findGpu("H100-SXM-80GB");
    const sums = new Map<string, { ours: number; theirs: number }>();
    for (const { tp, m, n, k, median_us } of fixture("vidur-linear-llama70b-h100.csv")) {
      const step = sums.get(`${tp} ${m}`) ?? { ours: 0, theirs: 0 };
      step.ours += gemmCurve(gpu, h100(), { n: Number(n), k: Number(k) }, "bf16").us(Number(m));
      step.theirs += Number(median_us);
      sums.set(`${tp} ${m}`, step);
    }
    const errors = [...sums.values()].map(({ ours, theirs }) => Math.abs(error(ours, theirs)));
    assert.equal(errors.length, 4 * 19);
    const mean = errors.reduce((sum, e) => sum + e, 0) / errors.length;
    assert.ok(mean < 0.12, `mean ${mean}`);
    assert.ok(quantile(errors, 0.5) < 0.09, `median ${quantile(errors, 0.5)}`);
  });

  it("agree within 12 % on NCCL all-reduces of 8 MiB and more, which their profiler does not distort", () => {
    // vLLM 0.14 hands such messages to NCCL, which is what the second lab timed.
    const input = latencyInput();
    const node = kernelsOf({ ...input, engine: { ...input.engine, version: "0.14.0" } }).collectives;
    const errors = fixture("vidur-all-reduce-h100.csv")
      .filter(({ bytes }) => Number(bytes) >= 2 ** 23)
      .map((row) =>
        Math.abs(error(node.of(Number(row.num_gpus)).allReduceUs(Number(row.bytes)), Number(row.median_us))),
      );
    assert.equal(errors.length, 15);
    assert.ok(Math.max(...errors) < 0.12, `worst ${Math.max(...errors)}`);
  });
});

describe("whole steps of Llama-70B in FP8 on H100", () => {
  // Step times of the simulator that reproduced published serving measurements within 4 % (vLLM 0.10, KV cache in BF16),
  // in ms, with its own host times: decode of 16 sequences at 2048 tokens and of 64 at 8192, prompts of 1024 and 7373 tokens.
  const golden: Record<number, readonly [number, number, number, number]> = {
    2: [19.91, 47.81, 83.1, 593],
    4: [12.48, 28.48, 57.1, 383],
    8: [10.88, 19.52, 47.1, 260],
  };

  for (const [tensorParallel, expected] of Object.entries(golden)) {
    it(`take what measured servers take at TP ${tensorParallel}`, () => {
      const precision: Precision = "fp8";
      const engine = { ...latencyInput().engine, version: "0.10.2" };
      const model = createLatencyModel(
        latencyInput({ precision, engine, tensorParallel: Number(tensorParallel) }),
        { ...latencyConstants, hostMsPerStep: 0.6, hostMsPerSequence: 0.025 },
      );
      const steps = [
        decodeStep(16, 2048),
        decodeStep(64, 8192),
        prefillStep(model, 1, 1024),
        prefillStep(model, 1, 7373),
      ];
      for (const [i, step] of steps.entries()) {
        const ms = model.stageMs(0, step);
        assert.ok(Math.abs(error(ms, expected[i])) < 0.02, `step ${i}: ${ms} for ${expected[i]} ms`);
      }
    });
  }
});
