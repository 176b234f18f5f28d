import assert from "node:assert/strict";
import { resolveModel } from "../../../lib/catalog";
import { parseDeployment, UserError } from "../../../lib/config";

const resolved = (model: Parameters<typeof parseDeployment>[0]) =>
  resolveModel(parseDeployment({ model }).model).name;

describe("the model that a deployment serves", () => {
  for (const [written, repository] of [
    ["llama-3-70b", "meta-llama/Meta-Llama-3-70B-Instruct"],
    ["meta-llama/Llama-3-70B-Instruct", "meta-llama/Meta-Llama-3-70B-Instruct"],
    ["Meta-Llama-3-70B-Instruct", "meta-llama/Meta-Llama-3-70B-Instruct"],
    ["meta-llama/Meta-Llama-3.1-70B-Instruct", "meta-llama/Llama-3.1-70B-Instruct"],
    ["qwen/qwen3-8b", "Qwen/Qwen3-8B"],
    ["mixtral-8x7b", "mistralai/Mixtral-8x7B-Instruct-v0.1"],
  ] as const) {
    it(`is ${repository} for ${written}: a name that can be downloaded`, () =>
      assert.equal(resolved({ name: written }), repository));
  }

  for (const written of [
    "meta-llama/Meta-Llama-3-70B",
    "Qwen3-8B-Base",
    "Qwen/Qwen3-8B-FP8",
    "nvidia/Llama-3.1-70B-Instruct-FP8",
  ]) {
    it(`is not guessed for ${written}, which only has the shape of one that is known`, () => {
      assert.throws(
        () => resolved({ name: written }),
        (error) =>
          error instanceof UserError &&
          error.line.startsWith(`model.name: the catalogue has no ${written}, only `) &&
          error.line.endsWith("in model.configPath"),
      );
    });
  }

  it("keeps the user's name where nothing is downloaded by it", () => {
    const model = { name: "ours/Llama-3.1-70B-Instruct", source: "path", location: "/models/ours" } as const;
    assert.equal(resolved(model), "ours/Llama-3.1-70B-Instruct");
  });
});
