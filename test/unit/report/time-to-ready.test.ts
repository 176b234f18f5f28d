import assert from "node:assert/strict";
import { changeText, timeToReady } from "../../../lib/report/time-to-ready";
import { fixturePlan } from "./fixture-plan";

describe("changeText", () => {
  it("says how long the only server is away: 141.1 GB in 34 to 855 s, and the start in 34 to 68 s", () => {
    assert.equal(
      changeText(fixturePlan()),
      "A change of flags or of vLLM's version restarts the only server, and nobody is served for 68 s to 15 min (weights from local disk and start; predicted from published times). Requests that run have 60 s to end.",
    );
  });

  it("says what the other servers sustain while one restarts", () => {
    const { strategy, throughput } = fixturePlan();
    const plan = fixturePlan({
      strategy: { ...strategy, tensorParallel: 2, dataParallel: 4 },
      throughput: { ...throughput, sustainableRequestRate: 24 },
    });
    assert.match(
      changeText(plan),
      /has no outage: one server after the other restarts, and the others \(3 of 4\) sustain 18 requests\/s meanwhile/,
    );
  });
});

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
