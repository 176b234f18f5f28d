import assert from "node:assert/strict";
import {
  firstVersionWith,
  hasChange,
  VERSION_CHANGES,
} from "../../../../lib/performance/engine/version-changes";

const vllm = (version: string) => ({ name: "vLLM", version }) as const;

describe("what changed in an engine, by version", () => {
  for (const change of VERSION_CHANGES) {
    it(`has ${change} from its first version on, not before, and in no other engine`, () => {
      const [name, since = ""] = firstVersionWith(change).split(" ");
      const [major, minor = 0] = since.split(".").map(Number);
      const engine = name === "vLLM" ? "vLLM" : "TensorRT-LLM";
      const holds = (version: string) => hasChange({ name: engine, version }, change);
      assert.ok(holds(since), `${since} has it`);
      assert.ok(holds(`${since}.0+cpu`), "a build suffix changes nothing");
      assert.ok(holds(`${major}.${minor + 1}.0`), "the next minor version has it");
      assert.ok(!holds(`${major}.${minor - 1}.9`), "the minor version before lacks it");
      assert.ok(!hasChange({ name: "SGLang", version: "99.0" }, change), "another engine never has it");
    });
  }

  it("counts 0.9 before 0.10 and a release candidate as its version", () => {
    assert.equal(hasChange(vllm("0.9.2"), "asynchronousFlag"), false);
    assert.equal(hasChange(vllm("0.10.0rc1"), "asynchronousFlag"), true);
    assert.equal(hasChange(vllm("1.0"), "noSequenceParallelism"), true);
  });
});
