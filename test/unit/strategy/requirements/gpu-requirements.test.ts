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
