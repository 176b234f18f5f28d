import assert from "node:assert/strict";
import { findGpu, findInstanceType, findModel } from "../../../lib/catalog";
import { UserError } from "../../../lib/config";

describe("a model's name", () => {
  const same: [string, string][] = [
    ["meta-llama/Meta-Llama-3-70B-Instruct", "meta-llama/Meta-Llama-3-70B-Instruct"],
    ["meta-llama/Llama-3-70B-Instruct", "meta-llama/Meta-Llama-3-70B-Instruct"],
    ["Llama-3-70B", "meta-llama/Meta-Llama-3-70B-Instruct"],
    ["Llama-3.1-70B", "meta-llama/Llama-3.1-70B-Instruct"],
    ["meta-llama/Llama-3.3-70B-Instruct", "meta-llama/Llama-3.3-70B-Instruct"],
    ["nvidia/Llama-3.1-70B-Instruct-FP8", "meta-llama/Llama-3.1-70B-Instruct"],
    ["amd/Llama-3.1-70B-Instruct-FP8-KV", "meta-llama/Llama-3.1-70B-Instruct"],
    ["Llama-2-70B", "meta-llama/Llama-2-70b-chat-hf"],
    ["mixtral-8x7b", "mistralai/Mixtral-8x7B-Instruct-v0.1"],
  ];
  for (const [written, found] of same) {
    it(`${written} means ${found}`, () => assert.equal(findModel(written).name, found));
  }

  it("that nobody knows is a user error that lists what there is", () => {
    assert.throws(
      () => findModel("gpt-5"),
      (error: unknown) =>
        error instanceof UserError &&
        error.where === "model.name" &&
        error.line.includes("gpt-5") &&
        error.line.includes("Meta-Llama-3-70B-Instruct") &&
        error.line.includes("model.configPath"),
    );
  });

  it("does not confuse generations or sizes", () => {
    assert.notEqual(findModel("Llama-3-8B").name, findModel("Llama-3.1-8B").name);
    assert.throws(() => findModel("Llama-3-7B"), UserError);
  });
});

describe("a GPU's name", () => {
  for (const written of ["H100-SXM-80GB", "h100", "NVIDIA H100 80GB HBM3", "H100 SXM"]) {
    it(`${written} means the H100 of the tables`, () => {
      assert.equal(findGpu(written).name, "H100-SXM-80GB");
    });
  }

  it("that nobody knows is a user error", () => {
    assert.throws(() => findGpu("V100"), /no GPU "V100"/);
  });
});

describe("an instance type", () => {
  it("is found with its price and its date", () => {
    const p5 = findInstanceType("p5.48xlarge");
    assert.equal(p5.priceUsdPerHour, 55.04);
    assert.equal(p5.gpus, 8);
    assert.equal(p5.provenance.date, "2026-07-20");
  });

  it("without a dated price has none", () => {
    assert.equal(findInstanceType("p5e.48xlarge").priceUsdPerHour, undefined);
  });

  it("that nobody knows is a user error that names the way out", () => {
    assert.throws(() => findInstanceType("p9.48xlarge"), /no instance type "p9.48xlarge"/);
  });
});
