import assert from "node:assert/strict";
import fc from "fast-check";
import { findGpu, findModel } from "../../../../lib/catalog";
import type { LatencyModelInput } from "../../../../lib/performance";
import { createLatencyModel } from "../kernels/kernel-model";
import { decodeStep, latencyInput, partsOf, prefillStep } from "../kernels/latency-input";

const strategies = fc.constantFrom<Partial<LatencyModelInput>>(
  { tensorParallel: 8 },
  { tensorParallel: 4, pipelineParallel: 2 },
  { tensorParallel: 2, pipelineParallel: 4 },
  { tensorParallel: 1, pipelineParallel: 8 },
  { tensorParallel: 8, sequenceParallel: 8 },
  { tensorParallel: 16 },
  { tensorParallel: 2, precision: "fp8", kvCacheDtype: "fp8" },
  { tensorParallel: 2, expertParallel: 8, model: findModel("Mixtral-8x7B") },
  { tensorParallel: 8, gpu: findGpu("A100-SXM-80GB") },
);

const decode = fc.record({
  batch: fc.integer({ min: 1, max: 512 }),
  past: fc.integer({ min: 1, max: 16_384 }),
});

describe("latency model", () => {
  it("splits a step into parts that add up to the total and to the stages", () => {
    fc.assert(
      fc.property(
        strategies,
        decode,
        fc.integer({ min: 1, max: 4096 }),
        (strategy, { batch, past }, chunk) => {
          const model = createLatencyModel(latencyInput(strategy));
          const mixed = {
            ...decodeStep(batch, past),
            prefillAttentionMs: model.prefillAttentionMs(past, chunk),
          };
          mixed.tokens += chunk;
          const breakdown = model.breakdown(mixed);
          const parts = partsOf(breakdown);
          const stages = Array.from({ length: model.stages }, (_, stage) => model.stageMs(stage, mixed));
          const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
          assert.ok(
            parts.every((ms) => ms >= 0),
            `parts: ${JSON.stringify(parts)}`,
          );
          assert.ok(
            Math.abs(sum(parts) - breakdown.totalMs) < 1e-9 * breakdown.totalMs,
            `1e-9 * breakdown.totalMs: ${1e-9 * breakdown.totalMs}`,
          );
          // Stages read their time above 512 tokens from cells: a scan finds 0.03 % of difference, 0.06 % with experts.
          assert.ok(
            Math.abs(sum(stages) - breakdown.totalMs) < 1e-3 * breakdown.totalMs,
            `1e-3 * breakdown.totalMs: ${1e-3 * breakdown.totalMs}`,
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("never decodes faster over a longer context, by more than the tables' noise of 7 %", () => {
    fc.assert(
      fc.property(strategies, decode, fc.integer({ min: 2, max: 8 }), (strategy, { batch, past }, factor) => {
        const model = createLatencyModel(latencyInput(strategy));
        const ms = (context: number) => model.breakdown(decodeStep(batch, context)).attentionMs;
        // A scan of TP 1 to 8, batches to 256 and contexts to 2000 dips to 0.934 (TP4, batch 4, 260 to 520 tokens).
        assert.ok(ms(past * factor) > 0.93 * ms(past), "not so: ms(past * factor) > 0.93 * ms(past)");
      }),
      { numRuns: 60 },
    );
  });

  it("never computes four times the tokens in less time, but for the noise of small GEMMs", () => {
    fc.assert(
      fc.property(strategies, fc.integer({ min: 1, max: 4096 }), (strategy, tokens) => {
        const model = createLatencyModel(latencyInput(strategy));
        const ms = (count: number) => model.breakdown(prefillStep(model, 1, count)).totalMs;
        // Measured GEMMs of 1 to 16 rows differ by up to 15 % in either direction: all read the same weights.
        assert.ok(
          ms(4 * tokens) > (tokens < 256 ? 0.85 : 1.5) * ms(tokens),
          "not so: ms(4 * tokens) > (tokens < 256 ? 0.85 : 1.5) * ms(tokens)",
        );
      }),
      { numRuns: 100 },
    );
  });

  it("prices chunks of a prompt as the whole prompt", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8192 }), fc.integer({ min: 1, max: 8192 }), (first, second) => {
        const model = createLatencyModel(latencyInput());
        const chunks = model.prefillAttentionMs(0, first) + model.prefillAttentionMs(first, second);
        const whole = model.prefillAttentionMs(0, first + second);
        // Chunks are differences of one function of the length, so they telescope up to rounding.
        assert.ok(
          Math.abs(chunks - whole) < 1e-9 * whole,
          `Math.abs(chunks - whole): ${Math.abs(chunks - whole)}, 1e-9 * whole: ${1e-9 * whole}`,
        );
      }),
    );
  });

  it("pads small steps to the captured CUDA graph", () => {
    const model = createLatencyModel(latencyInput());
    // 17 to 24 tokens run the graph of 24; only attention and sampling see the real batch.
    assert.equal(model.breakdown(decodeStep(17, 100)).gemmMs, model.breakdown(decodeStep(24, 100)).gemmMs);
    assert.ok(
      model.breakdown(decodeStep(25, 100)).gemmMs !== model.breakdown(decodeStep(24, 100)).gemmMs,
      "not so: model.breakdown(decodeStep(25, 100)).gemmMs !== model.breakdown(decodeStep(24, 100)).ge...",
    );
  });

  it("charges the host once a stage and once a sampled sequence", () => {
    const constants = {
      hostMsPerStep: 1,
      hostMsPerSequence: 0.5,
      elementwiseBandwidthShare: 0.8,
      elementwiseLaunchMs: 0.003,
      expertSkew: 1,
    };
    const model = createLatencyModel(latencyInput({ tensorParallel: 4, pipelineParallel: 2 }), constants);
    // Two stages x 1 ms + 10 sequences x 0.5 ms.
    assert.equal(model.breakdown(decodeStep(10, 100)).hostMs, 7);
  });

  it("puts the logits on the last stage only", () => {
    const model = createLatencyModel(latencyInput({ tensorParallel: 1, pipelineParallel: 8 }));
    const step = decodeStep(64, 100);
    const silent = { ...step, sampledSequences: 0 };
    assert.equal(model.stageMs(0, step), model.stageMs(0, silent));
    assert.ok(
      model.stageMs(7, step) > model.stageMs(7, silent),
      "not so: model.stageMs(7, step) > model.stageMs(7, silent)",
    );
  });

  it("gives a stage with fewer layers less time", () => {
    const model = createLatencyModel(latencyInput({ tensorParallel: 2, pipelineParallel: 3 }));
    // 80 layers over 3 stages: 27, 27, 26; no logits without a sampled sequence, no transfer after the last.
    const step = { ...decodeStep(8, 100), sampledSequences: 0 };
    assert.ok(
      model.stageMs(2, step) < model.stageMs(1, step),
      "not so: model.stageMs(2, step) < model.stageMs(1, step)",
    );
  });

  it("pays for a stage boundary between nodes", () => {
    const boundary = (gpusPerNode: number) => {
      const model = createLatencyModel(latencyInput({ pipelineParallel: 2, gpusPerNode }));
      return model.breakdown(prefillStep(model, 1, 8192)).pipelineTransferMs;
    };
    // 8192 tokens x 16 KiB x 2 tensors / 8 ranks = 32 MiB a rank: 0.1 ms over NVLink, 0.9 ms at 36 GB/s.
    assert.ok(boundary(8) > boundary(16) + 0.5, "not so: boundary(8) > boundary(16) + 0.5");
  });

  it("pays for a tensor-parallel group that spans nodes", () => {
    const across = createLatencyModel(latencyInput({ tensorParallel: 16 }));
    const within = createLatencyModel(latencyInput({ tensorParallel: 8 }));
    assert.ok(
      across.breakdown(decodeStep(32, 100)).allReduceMs >
        2 * within.breakdown(decodeStep(32, 100)).allReduceMs,
      "not so: across.breakdown(decodeStep(32, 100)).allReduceMs > 2 * within.breakdown(decodeStep(32,...",
    );
    assert.deepEqual(across.basis, {
      kind: "roofline",
      figures: ["collectives across nodes (from bandwidth and latency)"],
    });
  });

  it("has no collectives on one GPU", () => {
    const { allReduceMs, allToAllMs, pipelineTransferMs } = createLatencyModel(
      latencyInput({ tensorParallel: 1 }),
    ).breakdown(decodeStep(8, 100));
    assert.deepEqual([allReduceMs, allToAllMs, pipelineTransferMs], [0, 0, 0]);
  });

  it("halves the norms' time and prices two collectives under sequence parallelism", () => {
    const plain = createLatencyModel(latencyInput());
    const sequence = createLatencyModel(latencyInput({ sequenceParallel: 8 }));
    const [before, after] = [plain, sequence].map((model) => model.breakdown(prefillStep(model, 1, 8192)));
    assert.ok(
      after.elementwiseMs < before.elementwiseMs / 2,
      `after.elementwiseMs: ${after.elementwiseMs}, before.elementwiseMs / 2: ${before.elementwiseMs / 2}`,
    );
    assert.notEqual(after.allReduceMs, before.allReduceMs);
    assert.equal(after.gemmMs, before.gemmMs);
  });

  it("reads half the KV bytes with an FP8 cache", () => {
    const [wide, narrow] = (["bf16", "fp8"] as const).map((kvCacheDtype) =>
      createLatencyModel(latencyInput({ kvCacheDtype })).breakdown(decodeStep(64, 8192)),
    );
    const ratio = narrow.attentionMs / wide.attentionMs;
    assert.ok(ratio > 0.5 && ratio < 0.8, `ratio ${ratio}`);
  });

  it("knows which engine's all-reduce it prices", () => {
    const reduceMs = (version: string) =>
      createLatencyModel(latencyInput({ engine: { ...latencyInput().engine, version } })).breakdown(
        decodeStep(16, 2048),
      ).allReduceMs;
    // 16 tokens x 16 KiB = 256 KiB: vLLM 0.14's kernel stops there at TP 8 (14.7 us), 0.24's goes on (10.8 us).
    assert.ok(
      Math.abs(reduceMs("0.14.0") - (161 * 14.71) / 1e3) < 0.01,
      'not so: Math.abs(reduceMs("0.14.0") - (161 * 14.71) / 1e3) < 0.01',
    );
    assert.ok(
      Math.abs(reduceMs("0.24.0") - (161 * 10.79) / 1e3) < 0.01,
      'not so: Math.abs(reduceMs("0.24.0") - (161 * 10.79) / 1e3) < 0.01',
    );
    assert.equal(reduceMs("v0.24rc1"), reduceMs("0.24.0"));
    assert.equal(reduceMs("0.9.2"), reduceMs("0.14.0"));
    assert.equal(reduceMs("1.0"), reduceMs("0.24.0"));
  });

  it("says that Llama-70B, 8B and 405B on H100 are measured", () => {
    for (const name of ["Llama-3-70B", "Llama-3.1-8B", "Llama-3.1-405B"]) {
      const { basis } = createLatencyModel(latencyInput({ model: findModel(name) }));
      assert.deepEqual(basis, { kind: "measured", figures: [] });
    }
  });

  it("says which figures are a roofline where no table is", () => {
    const { basis } = createLatencyModel(latencyInput({ gpu: findGpu("L4-24GB") }));
    assert.equal(basis.kind, "roofline");
    assert.ok(
      basis.figures.includes("GEMM (scaled from L40S-48GB to L4-24GB by roofline)"),
      `basis.figures: ${JSON.stringify(basis.figures)}`,
    );
  });

  it("refuses a degree that does not divide the heads", () => {
    assert.throws(
      () => createLatencyModel(latencyInput({ tensorParallel: 3 })),
      /3 ranks do not divide the 64 heads/,
    );
  });
});
