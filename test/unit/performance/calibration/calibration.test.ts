import assert from "node:assert/strict";
import { findGpu, findModel } from "../../../../lib/catalog";
import { calibratedConstants, coverageOf, createLatencyModel, errorBand } from "../../../../lib/performance";
import { decodeStep, latencyInput, prefillStep } from "../kernels/latency-input";

describe("calibrated constants", () => {
  it("are no more than thirty, each with a unit, a meaning and a source", () => {
    const constants = Object.values(calibratedConstants);
    assert.ok(constants.length <= 30, `constants.length: ${constants.length}`);
    for (const { value, unit, meaning, provenance } of constants) {
      assert.ok(value > 0 && Number.isFinite(value), `value: ${value}`);
      assert.ok(unit.length > 0 && meaning.length > 10 && provenance.length > 20, meaning);
    }
  });
});

describe("step time of an engine", () => {
  const engine = (version: string) => ({ ...latencyInput().engine, version });

  it("has a floor beyond the CUDA graphs in vLLM since 0.14, and none before", () => {
    const model = createLatencyModel(latencyInput({ engine: engine("0.15.1") }));
    const before = createLatencyModel(latencyInput({ engine: engine("0.10.2") }));
    // 80 layers x 0.8 ms = 64 ms; 600 tokens on 8 GPUs take about 40 ms by the kernels.
    assert.equal(model.stageMs(0, prefillStep(model, 1, 600)), 64);
    assert.ok(
      before.stageMs(0, prefillStep(before, 1, 600)) < 50,
      "not so: before.stageMs(0, prefillStep(before, 1, 600)) < 50",
    );
    // A step that a graph holds, and one that takes longer anyway, are what the kernels say.
    assert.ok(
      model.stageMs(0, decodeStep(64, 1000)) < 20,
      "not so: model.stageMs(0, decodeStep(64, 1000)) < 20",
    );
    assert.ok(
      model.stageMs(0, prefillStep(model, 4, 2048)) > 200,
      "not so: model.stageMs(0, prefillStep(model, 4, 2048)) > 200",
    );
  });

  it("is slower in decode attention alone in the old TensorRT-LLM runtime", () => {
    const version = (number: string) => ({ name: "TensorRT-LLM", version: number }) as const;
    const model = (number: string) =>
      createLatencyModel(latencyInput({ engine: { ...latencyInput().engine, ...version(number) } }));
    const [old, recent] = [model("0.14"), model("0.20")];
    const step = decodeStep(128, 2048);
    assert.ok(
      old.stageMs(0, step) > 1.2 * recent.stageMs(0, step),
      "not so: old.stageMs(0, step) > 1.2 * recent.stageMs(0, step)",
    );
    assert.equal(old.stageMs(0, prefillStep(old, 1, 2048)), recent.stageMs(0, prefillStep(recent, 1, 2048)));
  });

  it("has a breakdown whose parts add up to the stages", () => {
    for (const changes of [
      { engine: engine("0.15.1") },
      { engine: { ...engine("0.14"), name: "TensorRT-LLM" as const } },
      { tensorParallel: 2, pipelineParallel: 4 },
    ]) {
      const model = createLatencyModel(latencyInput(changes));
      for (const step of [decodeStep(32, 700), prefillStep(model, 1, 600), prefillStep(model, 2, 3000)]) {
        const { totalMs, ...parts } = model.breakdown(step);
        const sum = Object.values(parts).reduce((a, b) => a + b, 0);
        let stages = 0;
        for (let stage = 0; stage < model.stages; stage++) stages += model.stageMs(stage, step);
        assert.ok(
          Math.abs(sum / totalMs - 1) < 1e-9,
          `Math.abs(sum / totalMs - 1): ${Math.abs(sum / totalMs - 1)}`,
        );
        assert.ok(Math.abs(stages / totalMs - 1) < 2e-3, `${stages} ${totalMs}`);
      }
    }
  });
});

describe("error bands", () => {
  it("hold the prediction and say where they come from", () => {
    for (const load of ["moderate", "saturated"] as const)
      for (const quantity of [
        "firstTokenMean",
        "firstTokenP50",
        "firstTokenP99",
        "timePerOutputToken",
        "interTokenP99",
        "prefill",
        "outputTokensPerSecond",
      ] as const) {
        const { low, high, provenance } = errorBand(quantity, { basis: "measured", load });
        assert.ok(low < 1 && high > 1 && low > 0.5 && high < 1.6, `${quantity} ${load}: ${low}..${high}`);
        assert.match(provenance, /published figures? /);
      }
  });

  it("span all engines for a setup that nobody has published", () => {
    const { model, gpu, engine } = latencyInput();
    const covered = { model, gpu, engine, pipelineParallel: 1 };
    assert.equal(coverageOf(covered), "rows");
    for (const other of [
      { ...covered, pipelineParallel: 2 },
      { ...covered, gpu: findGpu("B200-SXM-180GB") },
      { ...covered, engine: { ...engine, name: "SGLang" as const } },
      ...["Llama-3.1-8B", "Llama-3.1-405B", "Mixtral-8x7B"].map((name) => ({
        ...covered,
        model: findModel(name),
      })),
    ])
      assert.notEqual(coverageOf(other), "rows", JSON.stringify(other));
    for (const quantity of [
      "firstTokenMean",
      "firstTokenP99",
      "timePerOutputToken",
      "outputTokensPerSecond",
    ] as const) {
      const own = errorBand(quantity, { basis: "measured", load: "moderate" });
      const other = errorBand(quantity, { basis: "measured", load: "moderate", coverage: "none" });
      assert.ok(other.low < own.low && other.high > own.high, quantity);
      assert.match(other.provenance, /no published figure of such a setup/);
    }
    // Offline throughput of vLLM has no row here: those at a given rate, which decides it, say nothing of it.
    const offline = errorBand("outputTokensPerSecond", { basis: "measured", load: "saturated", engine });
    assert.match(offline.provenance, /no published figure/);
    // Nobody publishes first tokens of TensorRT-LLM here: vLLM's narrow band would claim more than is known.
    const tensorRt = errorBand("firstTokenMean", {
      basis: "measured",
      load: "moderate",
      engine: { ...engine, name: "TensorRT-LLM", version: "1.0" },
    });
    assert.match(tensorRt.provenance, /no published figure/);
  });

  it("are wide for a roofline", () => {
    const { low, high, provenance } = errorBand("timePerOutputToken", {
      basis: "roofline",
      load: "moderate",
    });
    assert.ok(low <= 0.6 && high >= 1.8, `low: ${low}, high: ${high}`);
    assert.match(provenance, /roofline/);
  });
});
