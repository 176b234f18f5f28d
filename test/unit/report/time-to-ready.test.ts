import assert from "node:assert/strict";
import { timeToReady } from "../../../lib/report/time-to-ready";
import { fixturePlan } from "./fixture-plan";

describe("timeToReady", () => {
  const phase = (word: string, plan = fixturePlan()) =>
    timeToReady(plan).find(({ name }) => name.includes(word));

  it("scales published times by bytes: 141.1 GB of weights over the 138 GB that took 20 s", () => {
    assert.equal(Math.round((phase("Weights from the hub")?.lowSeconds ?? 0) * 10), 205); // 20 s x 141.1 / 138 = 20.45 s
  });

  it("loads from disk at the published 671 GB in 160 s at best: 141.1 GB in 34 s", () => {
    assert.equal(Math.round(phase("local disk to GPUs")?.lowSeconds ?? 0), 34);
  });

  it("leaves a phase without published figure without one", () => {
    assert.equal(phase("Instance starts")?.lowSeconds, undefined);
    assert.match(phase("Instance starts")?.source ?? "", /no published figure/);
  });

  it("knows no download of weights that are there, and no instance start on given hosts", () => {
    const plan = fixturePlan(
      {},
      {
        model: { source: "path", location: "/models/llama" },
        hosts: [
          {
            address: "10.0.0.1",
            hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILwZiE5NiDH3Z5SThK8VCfd47W9P0L/A72F/JOWvh6xx",
          },
        ],
      },
    );
    assert.equal(phase("Weights from the", plan), undefined);
    assert.equal(phase("Instance", plan), undefined);
  });
});
