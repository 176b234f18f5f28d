import assert from "node:assert/strict";
import { findGpu, findModel } from "../../../../lib/catalog";
import { calibrated, createLatencyModel } from "../../../../lib/performance";
import { engineTraits } from "../../../../lib/performance/calibration/engine-traits";
import { decodeStep, latencyInput } from "../kernels/latency-input";

const engine = latencyInput().engine;

describe("engine traits", () => {
  it("leave dense models below Blackwell as the kernels are", () => {
    const { graphFactor, eagerFactor, hostMsPerSequence } = engineTraits(latencyInput());
    assert.deepEqual([graphFactor, eagerFactor], [1, 1]);
    assert.equal(hostMsPerSequence, calibrated.hostMsPerSequence);
  });

  it("slow a mixture of experts and Blackwell by what was fitted, one times the other", () => {
    const model = findModel("Qwen3-235B-A22B");
    const input = latencyInput({ model, gpu: findGpu("B200-SXM-180GB"), tensorParallel: 4 });
    const { eagerFactor } = engineTraits(input);
    assert.equal(eagerFactor, calibrated.mixturePrefillFactor * calibrated.blackwellPrefillFactor);
  });

  it("charge vLLM's first engine what a public report measured on A100, at every TP", () => {
    // vllm-project/vllm issue 16300: QwQ-32B (the shape of Qwen2.5-32B), vLLM 0.7.2, one sequence.
    const { queryKeyNorm: _, ...qwen3 } = findModel("Qwen3-32B");
    const model = { ...qwen3, attentionHeads: 40, intermediateSize: 27_648 };
    for (const [tensorParallel, measuredMs] of [
      [2, 27.5],
      [4, 19.6],
      [8, 15.8],
    ] as const) {
      const input = latencyInput({
        model,
        gpu: findGpu("A100-SXM-80GB"),
        tensorParallel,
        engine: { ...engine, version: "0.7.2", batchesInFlight: 1 },
      });
      const { totalMs } = createLatencyModel(input).breakdown(decodeStep(1, 100));
      assert.ok(Math.abs(totalMs / measuredMs - 1) < 0.12, `TP ${tensorParallel}: ${totalMs} ms`);
    }
  });
});
