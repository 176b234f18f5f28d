import assert from "node:assert/strict";
import fc from "fast-check";
import type { DeploymentInput } from "../../../../lib/config";
import { enumerateStrategies } from "../../../../lib/strategy/candidates/enumerate";
import { strategyLabel } from "../../../../lib/strategy/figures/strategy-label";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment } from "../a-deployment";

const labels = (change: DeploymentInput) =>
  enumerateStrategies(readSituation(aDeployment(change))).map(strategyLabel);

describe("the enumeration", () => {
  it("on 8 GPUs has the document's alternatives and the replicas it forgot", () => {
    const all = labels({});
    for (const name of ["TP8", "TP4 PP2", "TP2 PP4", "TP1 PP8", "TP4 x2", "TP2 x4", "TP1 x8", "TP8 SP8"]) {
      assert.ok(all.includes(name), name);
    }
    // Ten ways to write 8 as a product of three; all but the four with TP 1 also with sequence parallelism.
    assert.equal(all.length, 10 + 6);
  });

  it("uses all GPUs of every candidate, names none twice, whatever the hosts", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 4 }), (gpusPerNode, nodes) => {
        const hardware = { instanceType: "custom", gpu: "h100-sxm", gpusPerNode, nodes };
        const all = enumerateStrategies(readSituation(aDeployment({ hardware })));
        for (const s of all) {
          assert.equal(s.tensorParallel * s.pipelineParallel * s.dataParallel, gpusPerNode * nodes);
          assert.equal(s.gpus, gpusPerNode * nodes);
        }
        assert.equal(new Set(all.map(strategyLabel)).size, all.length);
      }),
    );
  });

  it("cuts experts over all ranks or spreads them whole over all of them, replicas included", () => {
    const all = labels({ model: { name: "mixtral-8x7b" } });
    assert.ok(all.includes("TP8") && all.includes("TP8 EP8"), `all: ${JSON.stringify(all)}`);
    // Replicas share the experts in vLLM: EP is 1 or TP x DP there.
    assert.ok(
      all.includes("TP4 EP8 x2") && all.includes("TP4 x2") && !all.includes("TP4 EP4 x2"),
      `all: ${JSON.stringify(all)}`,
    );
    assert.ok(all.includes("TP1 EP8 x8"), `all: ${JSON.stringify(all)}`);
  });

  it("has no expert parallelism for a dense model", () => {
    assert.ok(
      labels({}).every((name) => !name.includes("EP")),
      'not so: labels({}).every((name) => !name.includes("EP"))',
    );
  });

  it("adds a pin that leaves GPUs idle as it stands, with what is open at 1", () => {
    const pinned = { tensorParallel: 4, pipelineParallel: 1, dataParallel: 1 };
    const all = labels({ strategy: pinned });
    assert.equal(all.at(-1), "TP4");
    assert.equal(all.length, 17);
  });

  it("adds nothing when a candidate matches the pins", () => {
    assert.equal(labels({ strategy: { tensorParallel: 4 } }).length, 16);
  });
});
