import assert from "node:assert/strict";
import { findGpu, findModel, listModels } from "../../../../lib/catalog";
import { parseDeployment } from "../../../../lib/config";
import { predictCase } from "../../../../lib/performance";
import { caseRowSchema } from "../../../../lib/performance/predict/case-row";
import { rowFormats, servedPrecision } from "../../../../lib/performance/predict/row-formats";
import { weightFormats } from "../../../../lib/strategy/replica/weight-formats";
import { readSituation } from "../../../../lib/strategy/situation";
import { caseCells } from "./case-cells";

const served = (model: string, precision: string) =>
  servedPrecision(caseRowSchema.parse(caseCells({ model, precision })), findModel(model));
const NAMES = ["bf16", "fp8", "fp8_block", "int8", "int4", "fp4", "mxfp4", "nvfp4"];

describe("the precision of a row", () => {
  it("is held against a checkpoint that is quantised", () => {
    const fitting: Record<string, readonly string[]> = {
      "Qwen/Qwen3-32B-FP8": ["fp8", "fp8_block"],
      "Qwen3-32B-FP8": ["fp8", "fp8_block"],
      "MiniMaxAI/MiniMax-M2.5": ["fp8", "fp8_block"],
      "moonshotai/Kimi-K2.5": ["int4"],
      "openai/gpt-oss-120b": ["fp4", "mxfp4"],
    };
    for (const [model, names] of Object.entries(fitting)) {
      for (const name of names) assert.equal(served(model, name), name);
      assert.equal(served(model, "auto"), names[0]);
      for (const name of NAMES.filter((each) => !names.includes(each)))
        assert.throws(
          () => served(model, name),
          /^UserError: precision: .* is stored in .*, not /,
          `${model} ${name}`,
        );
    }
  });

  it("is a line with an error where it is not the checkpoint's", () => {
    assert.deepEqual(predictCase(caseCells({ model: "Qwen/Qwen3-32B-FP8", precision: "int4" })), {
      id: "a-case",
      error:
        "precision: Qwen/Qwen3-32B-FP8 is stored in fp8 or fp8_block (fp8), not int4; write fp8, or name the repository that was served",
    });
  });

  it("is held against the name of a repository that the catalogue has in 16 bits alone", () => {
    const name = "nvidia/Llama-3.1-70B-Instruct-FP8";
    assert.equal(served(name, "fp8"), "fp8");
    assert.equal(served(name, "auto"), "fp8");
    for (const precision of ["bf16", "int4"])
      assert.throws(() => served(name, precision), /is FP8 by its name, not /, precision);
  });

  it("is what was served of a plain repository, as published rows name it", () => {
    for (const name of NAMES) assert.equal(served("Qwen/Qwen3-32B", name), name);
    assert.equal(served("Qwen/Qwen3-32B", "auto"), "bf16");
  });
});

describe("the formats of a row", () => {
  it("are those of a plan of the same checkpoint, on every generation of GPU", () => {
    const quantised = listModels().filter(({ checkpoint }) => checkpoint);
    assert.ok(quantised.length > 10, `${quantised.length} quantised models in the catalogue`);
    for (const model of quantised) {
      for (const gpu of ["H100-SXM-80GB", "A100-SXM-80GB", "B200-SXM-180GB"]) {
        const deployment = parseDeployment({
          model: { name: model.name },
          hardware: { instanceType: "custom", gpu, gpusPerNode: 8 },
        });
        const row = caseRowSchema.parse(caseCells({ model: model.name, precision: "auto" }));
        assert.deepEqual(
          rowFormats(servedPrecision(row, model), model, findGpu(gpu)),
          weightFormats(readSituation(deployment)),
          `${model.name} on ${gpu}`,
        );
      }
    }
  });

  it("are guessed from the precision where the repository is plain", () => {
    const gpu = findGpu("H100-SXM-80GB");
    assert.deepEqual(rowFormats("fp8", findModel("Qwen/Qwen3-32B"), gpu), { precision: "fp8" });
    assert.deepEqual(rowFormats("int4", findModel("Qwen/Qwen3-30B-A3B"), gpu), {
      precision: "bf16",
      formats: { experts: "int4" },
    });
  });
});
