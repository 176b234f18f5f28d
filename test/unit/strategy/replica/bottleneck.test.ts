import assert from "node:assert/strict";
import { plan, strategyLabel } from "../../../../lib/strategy";
import { planSituation } from "../../../../lib/strategy/plan";
import { findBottleneck } from "../../../../lib/strategy/replica/bottleneck";
import { stepModelsOf } from "../../../../lib/strategy/replica/replica";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment } from "../a-deployment";

describe("the network between nodes", () => {
  it("loses its share to messages once", () => {
    const situation = readSituation(aDeployment({ hardware: { nodes: 2, network: "efa" } }));
    const tokens = 8192;
    const latency = stepModelsOf(situation, {
      tensorParallel: 8,
      pipelineParallel: 2,
      dataParallel: 1,
      expertParallel: 1,
      sequenceParallel: 1,
      gpus: 16,
    })({ largestTokens: 0, stride: 16 });
    const { pipelineTransferMs } = latency.breakdown({
      tokens,
      decodeSequences: 0,
      decodeContextTokens: 0,
      prefillAttentionMs: 0,
      sampledSequences: 0,
    });
    // Two tensors of 8192 x 16 KiB, an eighth over each GPU's 36 of 50 GB/s; the rest is gathered over NVLink.
    const sendMs = (2 * 1e3 * tokens * 16384) / 8 / 36e9;
    assert.ok(pipelineTransferMs > sendMs, `${pipelineTransferMs} ms`);
    assert.ok(pipelineTransferMs < 2 * sendMs, `${pipelineTransferMs} ms against ${sendMs} ms on the wire`);
    assert.equal(situation.network.bytesPerSecondPerGpu, 50e9);
  });
});

describe("the bottleneck", () => {
  it("names the group that exchanges experts, and the network where it spans hosts", () => {
    const { candidates } = plan(
      aDeployment({
        model: { name: "Qwen/Qwen3-235B-A22B" },
        hardware: { nodes: 4 },
        workload: { requestRate: 1 },
        strategy: { tensorParallel: 1, pipelineParallel: 1, dataParallel: 32, expertParallel: 32 },
      }),
    );
    const sentences = candidates.map(({ bottleneck }) => bottleneck?.sentence ?? "");
    assert.ok(
      sentences.every((sentence) => !/collectives of 1 GPUs/.test(sentence)),
      `sentences: ${JSON.stringify(sentences)}`,
    );
    const wide = candidates.find(({ strategy }) => strategyLabel(strategy) === "TP1 EP32 x32");
    assert.ok(wide, candidates.map(({ strategy }) => strategyLabel(strategy)).join(", "));
    assert.match(
      wide.bottleneck?.sentence ?? "",
      /collectives of 32 GPUs across nodes take .* of the .* decode step/,
    );
    assert.equal(wide.bottleneck?.kind, "network");
  }).timeout(60_000);

  it("says how much of the step its part takes", () => {
    const { candidates } = plan(aDeployment({ workload: { requestRate: 1 } }));
    const tp8 = candidates.find(({ strategy }) => strategyLabel(strategy) === "TP8");
    assert.match(
      tp8?.bottleneck?.sentence ?? "",
      /^matrix products, which read 17\.6 GB of weights per GPU, take [\d.]+ ms of the [\d.]+ ms of a decode step$/,
    );
  });

  it("is the KV cache by what is in use for 1 % of the time, not by one peak, which another seed moves", () => {
    const situation = readSituation(aDeployment({ workload: { requestRate: 1 } }));
    const { chosen, simulation } = planSituation(situation);
    const { strategy, memory, steps } = chosen;
    if (!simulation || !steps) return assert.fail("the plan runs");
    const kindWith = (maxKvUsage: number, kvUsageP99: number) => {
      const result = { ...simulation, maxKvUsage, kvUsageP99 };
      return findBottleneck({ situation, strategy, result, steps, memory, prefillTimeShare: 0 }).kind;
    };
    assert.notEqual(kindWith(1, 0.5), "kv-capacity");
    assert.equal(kindWith(1, 0.97), "kv-capacity");
  });
});
