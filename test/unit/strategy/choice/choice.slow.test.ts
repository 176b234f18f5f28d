import assert from "node:assert/strict";
import type { DeploymentInput } from "../../../../lib/config";
import { type Candidate, type Plan, plan, strategyLabel } from "../../../../lib/strategy";
import { aDeployment, referencePins } from "../a-deployment";

const planned = (change: DeploymentInput = {}): Plan => plan(aDeployment(change));

const candidate = (of: Plan, label: string): Candidate =>
  of.candidates.find(({ strategy }) => strategyLabel(strategy) === label) ?? assert.fail(`no ${label}`);

describe("the choice", () => {
  // One request a second: what a request takes by itself decides, not the queue.
  const latency = planned({ strategy: { objective: "latency" }, workload: { requestRate: 1 } });
  const throughput = planned({ strategy: { objective: "throughput" } });

  it("is TP 8 for latency: it reads the fewest weights per GPU", () => {
    assert.equal(strategyLabel(latency.strategy), "TP8");
    assert.equal(latency.pinned, false);
  });

  it("is replicas for throughput: they communicate less", () => {
    assert.ok(
      throughput.strategy.dataParallel > 1,
      `throughput.strategy.dataParallel: ${throughput.strategy.dataParallel}`,
    );
    const chosen = throughput.throughput.highestRequestRate;
    assert.ok(
      chosen > (candidate(throughput, "TP8").throughput?.highestRequestRate ?? 0),
      `chosen: ${chosen}`,
    );
  });

  it("for cost is the cheapest token of those that meet everything", () => {
    const cost = planned({ strategy: { objective: "cost" } });
    const own = cost.chosen.costUsdPerMillionOutputTokens ?? Number.NaN;
    for (const other of cost.candidates.filter(({ meetsSlo }) => meetsSlo)) {
      // Two percent are within the model's error and no reason for a more complicated strategy; the chosen one is
      // simulated longer than the others, which moves it a little more.
      assert.ok(
        own <= 1.1 * (other.costUsdPerMillionOutputTokens ?? Number.POSITIVE_INFINITY),
        `own: ${own}, 1.1 * (other.costUsdPerMillionOutputTokens ?? Number.POSITIVE_INFINITY): ${1.1 * (other.costUsdPerMillionOutputTokens ?? Number.POSITIVE_INFINITY)}`,
      );
    }
  });

  it("respects what is pinned and decides the rest", () => {
    const partly = planned({
      strategy: { tensorParallel: 4, objective: "latency" },
      workload: { requestRate: 1 },
    });
    assert.equal(partly.strategy.tensorParallel, 4);
    assert.equal(partly.strategy.gpus, 8);
    assert.equal(partly.pinned, false);
    assert.equal(strategyLabel(partly.recommendation.strategy), "TP8");
    assert.match(partly.recommendation.sentence, /the pinned TP4/);
  });

  it("holds a pinned strategy against the best one", () => {
    const pinned = planned({
      strategy: { ...referencePins, tensorParallel: 4, dataParallel: 2, objective: "latency" },
      workload: { requestRate: 1 },
    });
    assert.equal(strategyLabel(pinned.strategy), "TP4 x2");
    assert.match(pinned.recommendation.sentence, /, TP8 has .*the pinned TP4 x2 has mean request/);
  });

  it("gives every loser its reason, with numbers", () => {
    for (const of of [latency, throughput]) {
      for (const other of of.candidates) {
        if (strategyLabel(other.strategy) === strategyLabel(of.recommendation.strategy)) continue;
        assert.ok(other.reasons.length >= 1, strategyLabel(other.strategy));
        assert.match(other.reasons.join(" "), /\d/);
        if (!other.feasible)
          assert.ok(other.violations.length >= 1, `other.violations.length: ${other.violations.length}`);
        if (other.feasible) assert.match(other.reasons.join("\n"), /What slows it down most is that /);
      }
    }
  });

  it("never calls feasible what does not fit or meets targets what violates one", () => {
    for (const { feasible, meetsSlo, violations, latency: own, memory } of latency.candidates) {
      assert.equal(meetsSlo, feasible && violations.length === 0);
      assert.equal(own !== undefined, feasible);
      if (feasible) assert.ok(memory.kvCacheTokens >= 8192, `memory.kvCacheTokens: ${memory.kvCacheTokens}`);
    }
  });

  it("says of TP 2 x 4 in BF16 that no sequence fits beside 70.6 GB of weights", () => {
    const { violations } = candidate(latency, "TP2 x4");
    assert.match(violations.map(({ value }) => value).join(), /70\.6 GB|tokens/);
  });

  it("finds that FP8 makes TP 2 x 4 run", () => {
    const fp8 = planned({ model: { precision: "fp8" }, strategy: { objective: "throughput" } });
    assert.equal(candidate(fp8, "TP2 x4").feasible, true);
  });

  it("prices sequence parallelism where vLLM has it: smaller exchanges, more of them, no gain for decoding", () => {
    const gap = (sequenceParallel: number) =>
      planned({
        serving: { vllmVersion: "0.28.0" },
        workload: { requestRate: 1 },
        strategy: { tensorParallel: 8, sequenceParallel },
      }).latency.decode.p50Ms;
    assert.ok(gap(8) > gap(1), "not so: gap of TP8 SP8 > gap of TP8");
    assert.equal(candidate(latency, "TP8 SP8").feasible, false);
  });

  it("finds pipelines uneven where embedding and logits weigh", () => {
    const pipeline = candidate(latency, "TP1 PP8");
    assert.ok(
      (pipeline.balance?.memoryEpsilon ?? 0) > 0.05,
      `pipeline.balance?.memoryEpsilon ?? 0: ${pipeline.balance?.memoryEpsilon ?? 0}`,
    );
    assert.match(pipeline.reasons.join(), /The GPUs do not need the same memory/);
  });
});

describe("the same deployment", () => {
  it("gives the same plan to the last byte", () => {
    const once = JSON.stringify(planned());
    assert.equal(JSON.stringify(planned()), once);
  });

  it("with another seed gives other latencies", () => {
    const seeds = [1, 2].map(
      (seed) => planned({ strategy: referencePins, workload: { seed } }).latency.firstToken.p99Ms,
    );
    assert.notEqual(seeds[0], seeds[1]);
  });
});

describe("a mixture of experts", () => {
  const moe = planned({ model: { name: "mixtral-8x7b" } });

  it("fits where its dense size does not", () => {
    // 46.7e9 parameters x 2 bytes = 93.4 GB: more than one GPU, less than two.
    assert.equal(candidate(moe, "TP8 EP8").feasible, true);
    assert.equal(candidate(moe, "TP1 EP8 x8").feasible, true);
  });

  it("on replicas holds an eighth of the experts and all of the attention on each GPU", () => {
    // 45.1e9 expert parameters / 8 x 2 bytes = 11.3 GB, and 3.2 GB of attention and embeddings.
    const { weightsBytes } = candidate(moe, "TP1 EP8 x8").memory;
    assert.ok(Math.abs(weightsBytes / 1e9 - 14.5) < 0.3, String(weightsBytes));
  });

  it("is planned like any other and meets the targets", () => {
    assert.equal(moe.chosen.meetsSlo, true);
  });
});

describe("one small GPU", () => {
  it("has one strategy, and it serves an 8B model", () => {
    const dev = planned({
      model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
      hardware: { instanceType: "g6e.xlarge" },
      workload: { requestRate: 1 },
      envelope: { maxNumSeqs: 32, maxNumBatchedTokens: 2048 },
      serving: { executor: "mp", gpuMemoryUtilization: 0.9 },
    });
    assert.deepEqual(
      dev.candidates.map(({ strategy }) => strategyLabel(strategy)),
      ["TP1"],
    );
    assert.equal(dev.chosen.meetsSlo, true);
    assert.match(dev.recommendation.sentence, /^TP1 is the only strategy, and it meets every requirement/);
  });
});

describe("pinned serving parameters", () => {
  it("are taken as they are", () => {
    const { serving } = planned({
      strategy: referencePins,
      serving: { maxNumBatchedTokens: 4096, maxNumSeqs: 64 },
    });
    assert.equal(serving.maxNumBatchedTokens, 4096);
    assert.equal(serving.maxNumSeqs, 64);
  });

  it("that break the decode target fail the plan and name the key", () => {
    const large = planned({
      strategy: referencePins,
      serving: { maxNumBatchedTokens: 8192 },
      slo: { decode: { p99Ms: 60 } },
    });
    const violation = large.violations.find(({ check }) => check === "decode-p99");
    assert.match(violation?.change ?? "", /lower serving\.maxNumBatchedTokens/);
  });
});

describe("work without an arrival rate", () => {
  it("kept in flight has no rate to miss", () => {
    const closed = planned({ workload: { arrivals: "closed", concurrency: 32 }, strategy: referencePins });
    assert.ok(
      !closed.checks.some(({ id }) => id === "request-rate" || id === "gpu-utilization"),
      `closed.checks: ${JSON.stringify(closed.checks)}`,
    );
    assert.ok(
      closed.throughput.requestRate > 0,
      `closed.throughput.requestRate: ${closed.throughput.requestRate}`,
    );
  });

  it("all at once has no target for its first token", () => {
    const offline = planned({ workload: { arrivals: "offline" }, strategy: referencePins });
    assert.ok(
      !offline.checks.some(({ id }) => id.startsWith("first-token")),
      `offline.checks: ${JSON.stringify(offline.checks)}`,
    );
    assert.ok(
      offline.checks.some(({ id }) => id === "decode-p99"),
      `offline.checks: ${JSON.stringify(offline.checks)}`,
    );
  });
});
