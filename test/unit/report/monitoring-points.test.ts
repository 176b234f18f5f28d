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

  it("follows the config", () => {
    const plan = fixturePlan({}, { monitoring: { kvCacheUsageAlert: 0.5 } });
    assert.equal(find("KV cache", plan)?.alarm, "above 50 %");
  });
});
