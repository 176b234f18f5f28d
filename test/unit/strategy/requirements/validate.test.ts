import assert from "node:assert/strict";
import type { DeploymentInput } from "../../../../lib/config";
import { type Requirement, toCheck, violationsOf } from "../../../../lib/strategy/requirements/requirement";
import { structuralRequirements } from "../../../../lib/strategy/requirements/validate";
import { readSituation } from "../../../../lib/strategy/situation";
import type { Strategy } from "../../../../lib/strategy/types";
import { aDeployment } from "../a-deployment";

function strategy(degrees: Partial<Strategy>): Strategy {
  const all = {
    tensorParallel: 1,
    pipelineParallel: 1,
    dataParallel: 1,
    expertParallel: 1,
    sequenceParallel: 1,
    ...degrees,
  };
  return { ...all, gpus: all.tensorParallel * all.pipelineParallel * all.dataParallel };
}

const requirements = (degrees: Partial<Strategy>, change: DeploymentInput = {}): Requirement[] =>
  structuralRequirements(readSituation(aDeployment(change)), strategy(degrees));

const failed = (degrees: Partial<Strategy>, change: DeploymentInput = {}) =>
  violationsOf(requirements(degrees, change)).map(({ check }) => check);

describe("what vLLM refuses", () => {
  it("is nothing about the document's strategy", () => {
    assert.deepEqual(failed({ tensorParallel: 8 }), []);
  });

  it("is 64 heads over 6 ranks, and says which divisors would do", () => {
    const hardware = { instanceType: "custom", gpu: "h100-sxm", gpusPerNode: 6 };
    assert.deepEqual(failed({ tensorParallel: 6 }, { hardware }), [
      "heads-divisible",
      "kv-heads-divisible",
      "mlp-divisible",
    ]);
  });

  it("is not TP 16 over two nodes: the 8 key-value heads are copied", () => {
    assert.deepEqual(failed({ tensorParallel: 16 }, { hardware: { nodes: 2 } }), []);
  });

  it("is TP 16 over two nodes with the multiprocessing executor", () => {
    const change = { hardware: { nodes: 2 }, serving: { executor: "mp" as const } };
    assert.deepEqual(failed({ tensorParallel: 16 }, change), ["executor-spans-nodes"]);
  });

  it("is not replicas of a host each with the multiprocessing executor, unless they share experts", () => {
    const change = { hardware: { nodes: 2 }, serving: { executor: "mp" as const } };
    assert.deepEqual(failed({ tensorParallel: 8, dataParallel: 2 }, change), []);
    const mixture = { ...change, model: { name: "mistralai/Mixtral-8x7B-Instruct-v0.1" } };
    assert.deepEqual(failed({ tensorParallel: 8, dataParallel: 2 }, mixture), []);
    const shared = { ...mixture, serving: { ...change.serving, oneEngine: true } };
    assert.deepEqual(failed({ tensorParallel: 8, dataParallel: 2 }, shared), ["executor-spans-nodes"]);
  });

  it("is several replicas of which one lies on two hosts, and not one replica on two hosts", () => {
    const change = { hardware: { nodes: 4 } };
    const spanning = { tensorParallel: 8, pipelineParallel: 2, dataParallel: 2 };
    assert.deepEqual(failed(spanning, change), ["replicas-within-nodes"]);
    assert.deepEqual(failed({ tensorParallel: 8, pipelineParallel: 4 }, change), []);
    assert.deepEqual(failed({ tensorParallel: 8, dataParallel: 4 }, change), []);
    assert.deepEqual(failed({ tensorParallel: 2, dataParallel: 16 }, change), []);
  });

  it("is replicas that fit the GPUs and straddle a host", () => {
    // 4 x 6 = 24 GPUs, and each host of 8 holds one group of 6.
    const degrees = { tensorParallel: 2, pipelineParallel: 3, dataParallel: 4 };
    assert.deepEqual(failed(degrees, { hardware: { nodes: 3 } }), ["replicas-within-nodes"]);
  });

  it("is more stages than layers", () => {
    const hardware = { instanceType: "custom", gpu: "h100-sxm", gpusPerNode: 96 };
    assert.deepEqual(failed({ pipelineParallel: 96 }, { hardware }), ["stages-have-layers"]);
  });

  it("is expert parallelism of a dense model and sequence parallelism beside TP", () => {
    assert.deepEqual(failed({ tensorParallel: 8, expertParallel: 8 }), ["expert-parallel"]);
    assert.deepEqual(failed({ tensorParallel: 8, sequenceParallel: 4 }), ["sequence-parallel"]);
  });

  it("is sequence parallelism with a vLLM that has lost it, and not with one that has it", () => {
    const degrees = { tensorParallel: 8, sequenceParallel: 8 };
    assert.deepEqual(failed(degrees, { serving: { vllmVersion: "0.28.0" } }), []);
    assert.deepEqual(failed(degrees, { serving: { vllmVersion: "0.33.0" } }), ["sequence-parallel"]);
  });

  it("is an expert degree between 1 and the ranks, and one copy of the experts for each replica", () => {
    const change = { model: { name: "mixtral-8x7b" } };
    assert.deepEqual(failed({ tensorParallel: 8, expertParallel: 8 }, change), []);
    assert.deepEqual(failed({ tensorParallel: 8, expertParallel: 4 }, change), ["expert-parallel"]);
    assert.deepEqual(failed({ tensorParallel: 4, dataParallel: 2, expertParallel: 4 }, change), [
      "expert-parallel",
    ]);
  });

  it("is a length that the model was not trained for", () => {
    const change = { envelope: { maxModelLen: 16_384 } };
    assert.deepEqual(failed({ tensorParallel: 8 }, change), ["model-length"]);
    // Llama 3.1 knows 131 072.
    const newer = { ...change, model: { name: "Llama-3.1-70B" } };
    assert.deepEqual(failed({ tensorParallel: 8 }, newer), []);
  });
});

describe("a strategy that does not use the GPUs", () => {
  it("fails and names the three keys whose product is wrong", () => {
    const [violation] = violationsOf(requirements({ tensorParallel: 4 }));
    assert.equal(violation?.check, "world-size");
    assert.match(violation?.value ?? "", /4 x 1 x 1 = 4 of 8 GPUs/);
    for (const key of ["tensorParallel", "pipelineParallel", "dataParallel"]) {
      assert.ok(violation?.change.includes(`strategy.${key}`), key);
    }
  });

  it("fails in either direction", () => {
    assert.deepEqual(failed({ tensorParallel: 8, dataParallel: 2 }), ["world-size"]);
  });
});

describe("a check", () => {
  it("passes at its limit, carries its margin, and says what to change only when it fails", () => {
    const requirement: Requirement = {
      id: "decode-p99",
      requirement: "decode p99 at most 100 ms",
      value: 100,
      limit: 100,
      unit: "ms",
      bound: "most",
      valueText: "100 ms",
      configKey: "slo.decode.p99Ms",
      change: "raise it",
    };
    assert.deepEqual([toCheck(requirement).pass, toCheck(requirement).margin], [true, 0]);
    assert.equal(toCheck(requirement).change, undefined);
    assert.equal(toCheck({ ...requirement, value: 120 }).margin, -20);
    assert.equal(toCheck({ ...requirement, value: 120 }).change, "raise it");
    assert.equal(toCheck({ ...requirement, value: Number.NaN }).pass, false);
    assert.equal(toCheck({ ...requirement, value: 120, bound: "least" }).pass, true);
  });
});
