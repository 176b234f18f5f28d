import assert from "node:assert/strict";
import { gpuRequirements } from "../../../../lib/strategy/requirements/gpu-requirements";
import { violationsOf } from "../../../../lib/strategy/requirements/requirement";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment } from "../a-deployment";

const refused = (instanceType: string, dtype: "auto" | "bfloat16" | "float16") =>
  violationsOf(
    gpuRequirements(readSituation(aDeployment({ hardware: { instanceType }, serving: { dtype } }))),
  );

describe("the type that a GPU computes in", () => {
  it("is not bfloat16 on a T4: vLLM's worker refuses it below compute capability 8.0", () => {
    const [violation] = refused("g4dn.12xlarge", "bfloat16");
    assert.equal(violation?.check, "dtype-runs");
    assert.match(violation?.change ?? "", /set serving\.dtype to float16/);
    assert.deepEqual(refused("g4dn.12xlarge", "float16"), []);
  });

  it("is bfloat16 from Ampere on", () => {
    for (const instanceType of ["p4d.24xlarge", "g5.xlarge", "g6e.xlarge", "p6-b200.48xlarge"]) {
      assert.deepEqual(refused(instanceType, "bfloat16"), [], instanceType);
    }
  });
});

describe("sparse attention", () => {
  const refusedFor = (name: string, instanceType: string) =>
    violationsOf(
      gpuRequirements(readSituation(aDeployment({ model: { name }, hardware: { instanceType } }))),
    );

  it("needs Hopper or later: vLLM 0.33.0 finds no backend for GLM-5 and DeepSeek V3.2 on Ampere and Ada", () => {
    for (const instanceType of ["p4de.24xlarge", "g5.12xlarge", "g6.48xlarge", "g6e.12xlarge"]) {
      assert.equal(refusedFor("zai-org/GLM-5", instanceType)[0]?.check, "attention-runs", instanceType);
      assert.equal(refusedFor("deepseek-ai/DeepSeek-V3.2", instanceType)[0]?.check, "attention-runs");
    }
  });

  it("runs on Hopper and Blackwell, and latent attention without it everywhere", () => {
    assert.deepEqual(refusedFor("zai-org/GLM-5", "p5en.48xlarge"), []);
    assert.deepEqual(refusedFor("zai-org/GLM-5", "p6-b200.48xlarge"), []);
    assert.deepEqual(refusedFor("deepseek-ai/DeepSeek-V3", "p4de.24xlarge"), []);
  });
});

describe("an fp8 cache under latent attention", () => {
  const refusedOn = (instanceType: string) =>
    violationsOf(
      gpuRequirements(
        readSituation(
          aDeployment({
            model: { name: "deepseek-ai/DeepSeek-V3", kvCacheDtype: "fp8" },
            hardware: { instanceType },
          }),
        ),
      ),
    );

  it("is refused on Ampere as vLLM 0.33.0 refuses it, and runs from Ada on", () => {
    assert.equal(refusedOn("p4de.24xlarge")[0]?.check, "kv-cache-runs");
    assert.deepEqual(refusedOn("g7e.48xlarge"), []);
    assert.deepEqual(refusedOn("p5.48xlarge"), []);
  });
});
