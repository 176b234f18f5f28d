import assert from "node:assert/strict";
import { plan } from "../../../../lib/strategy";
import { memoryIsFree } from "../../../../lib/strategy/requirements/memory-requirements";
import { violationsOf } from "../../../../lib/strategy/requirements/requirement";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment, referencePins } from "../a-deployment";

const refused = (instanceType: string, gpuMemoryUtilization: number) =>
  violationsOf(
    memoryIsFree(
      readSituation(aDeployment({ hardware: { instanceType }, serving: { gpuMemoryUtilization } })),
    ),
  );

describe("the share of memory that vLLM takes", () => {
  it("is refused when more is asked than is free at start, as vLLM does (vllm#1298, #14726)", () => {
    const [violation] = refused("g6e.48xlarge", 1);
    assert.equal(violation?.check, "memory-free");
    assert.match(violation?.change ?? "", /set serving\.gpuMemoryUtilization to at most 0\.987,/);
  });

  it("reaches further on a larger GPU, whose context takes as much", () => {
    assert.equal(refused("p5.48xlarge", 0.99).length, 0);
    assert.equal(refused("g6e.48xlarge", 0.99).length, 1);
    assert.equal(refused("g6e.48xlarge", 0.98).length, 0);
  });

  it("makes a plan that asks for all of it fail", () => {
    const all = plan(aDeployment({ strategy: referencePins, serving: { gpuMemoryUtilization: 1 } }));
    assert.ok(
      all.checks.some(({ id, pass }) => id === "memory-free" && !pass),
      `all.checks: ${JSON.stringify(all.checks)}`,
    );
  });
});

describe("outputs of one token", () => {
  it("have no gaps, and that is no failure", () => {
    for (const arrivals of ["poisson", "offline"] as const) {
      const workload = { arrivals, outputTokens: { kind: "fixed", tokens: 1 } } as const;
      const { checks, violations } = plan(aDeployment({ strategy: referencePins, workload }));
      const decode = [...checks, ...violations.map(({ check }) => ({ id: check }))].filter(({ id }) =>
        id.startsWith("decode"),
      );
      assert.deepEqual(decode, [], arrivals);
    }
  });
});

describe("weights that do not fit", () => {
  const changeFor = (name: string, instanceType: string) => {
    const { violations } = plan(
      aDeployment({ model: { name }, hardware: { instanceType }, strategy: referencePins }),
    );
    return violations.find(({ check }) => check === "weights-fit")?.change ?? "";
  };

  it("may be quantised while they are loaded, unless the checkpoint is quantised already", () => {
    assert.match(
      changeFor("meta-llama/Llama-3.1-70B-Instruct", "g4dn.metal"),
      /or set model\.precision to fp8$/,
    );
    assert.match(changeFor("deepseek-ai/DeepSeek-V3", "p4d.24xlarge"), /share the 673\.\d GB of weights$/);
  });
});
