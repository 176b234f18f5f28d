import assert from "node:assert/strict";
import { monitoringPoints } from "../../../lib/report/monitoring-points";
import { fixturePlan, fixtureStrategy } from "./fixture-plan";

describe("monitoringPoints", () => {
  const find = (word: string, plan = fixturePlan()) =>
    monitoringPoints(plan).find(({ watch }) => watch.includes(word));

  it("keeps the four points: memory, NVLink, latency, batch efficiency", () => {
    for (const word of ["Memory", "NVLink", "Latency", "Batch efficiency"]) assert.ok(find(word), word);
  });

  it("alarms on memory beyond vLLM's share, which a healthy server never reaches: 85 % + 8 %", () => {
    assert.equal(find("of the GPU")?.alarm, "above 93 %");
  });

  it("measures NVLink against one direction, 450 GB/s", () => {
    assert.match(find("NVLink")?.expression ?? "", /\/ 450000000000$/);
  });

  it("calls throughput low 30 % below what the present load asks for, not below a fixed figure", () => {
    assert.match(find("Batch")?.alarm ?? "", /^below 70 % of what the present load asks for/);
  });

  it("has no NVLink point where one GPU holds each layer", () => {
    assert.equal(find("NVLink", fixturePlan({ strategy: fixtureStrategy(1, 8) })), undefined);
  });

  it("has one where experts or stages lie on several GPUs", () => {
    for (const more of [{ expertParallel: 8 }, { pipelineParallel: 8 }])
      assert.ok(
        find("NVLink", fixturePlan({ strategy: { ...fixtureStrategy(1, 8), ...more } })),
        `${Object.keys(more)}`,
      );
  });

  it("alarms on memory before the driver's own part of it, where vLLM takes nearly all", () => {
    const { serving, ...plan } = fixturePlan();
    const most = { ...plan, serving: { ...serving, gpuMemoryUtilization: 0.95 } };
    assert.equal(find("of the GPU", most)?.alarm, "above 98.3 %");
  });

  it("follows the config", () => {
    const plan = fixturePlan({}, { monitoring: { kvCacheUsageAlert: 0.5 } });
    assert.equal(find("KV cache", plan)?.alarm, "above 50 %");
  });
});
