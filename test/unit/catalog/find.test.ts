import assert from "node:assert/strict";
import { findGpu, findInstanceType, findModel, gpusMeant, listGpus } from "../../../lib/catalog";
import { findOneGpu } from "../../../lib/catalog/find";
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

  it("that nobody knows is a user error with the three nearest and the way to all", () => {
    assert.throws(
      () => findModel("Qwen3-33B"),
      (error: unknown) =>
        error instanceof UserError &&
        error.line ===
          'model.name: no model "Qwen3-33B" in the catalogue, nearest are Qwen/Qwen3-32B, Qwen/Qwen3-32B-FP8, ' +
            "Qwen/Qwen3-30B-A3B; `npx shardplan models` lists all; for another one give its config.json in model.configPath",
    );
    assert.throws(() => findModel("Qwen3-23B"), /nearest are Qwen\/Qwen3-32B, Qwen\/Qwen3-235B-A22B, /);
    assert.throws(() => findModel("mistral-7b"), /nearest are mistralai\/Mixtral-8x7B-Instruct-v0\.1, /);
  });

  it("that says how it is quantised means the catalogue's own checkpoint of it, organisation or not", () => {
    assert.equal(findModel("Qwen3-32B-FP8").checkpoint?.method, "fp8");
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
    assert.throws(
      () => findGpu("V100"),
      /no GPU "V100" in the catalogue, nearest are H100-SXM-80GB, A100-SXM-80GB, A100-SXM-40GB$/,
    );
    assert.throws(() => findGpu("4090"), /nearest are RTX-4090-24GB$/);
  });
});

describe("a GPU's short name", () => {
  it("that means several is refused with all of them, where one is to be planned", () => {
    for (const name of ["A100", "h100", "RTX PRO 6000", "a100-pcie", "H100 80GB"]) {
      const meant = gpusMeant(name).map((gpu) => gpu.name);
      assert.ok(meant.length > 1, name);
      assert.throws(
        () => findOneGpu(name),
        (error: unknown) =>
          error instanceof UserError && error.line.endsWith(`; name one: ${meant.join(", ")}`),
        name,
      );
      // Benchmarks mean the most usual one.
      assert.equal(findGpu(name).name, meant[0]);
    }
  });

  it("is taken where it means one, as is every full name", () => {
    for (const name of ["H200", "h100 sxm", "NVIDIA H100 80GB HBM3", ...listGpus().map((gpu) => gpu.name)])
      assert.equal(findOneGpu(name), findGpu(name), name);
  });

  it("means every GPU of the catalogue that begins so", () => {
    const key = (name: string) => name.toLowerCase().replaceAll("-", "");
    const starting = (name: string) => listGpus().filter((gpu) => key(gpu.name).startsWith(key(name)));
    for (const name of [
      "H100",
      "A100",
      "A100-PCIE",
      "A100-SXM",
      "RTX-PRO-6000",
      "H200",
      "B200",
      "L40S",
      "T4",
    ])
      assert.deepEqual(new Set(gpusMeant(name)), new Set(starting(name)), name);
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
    assert.throws(
      () => findInstanceType("p9.48xlarge"),
      /no instance type "p9.48xlarge" in the catalogue, nearest are p5.48xlarge, /,
    );
  });
});
