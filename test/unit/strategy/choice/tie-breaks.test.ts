import assert from "node:assert/strict";
import type { Evaluation } from "../../../../lib/strategy/candidates/evaluation";
import { chooseBest } from "../../../../lib/strategy/choice/choose";
import { complexity } from "../../../../lib/strategy/figures/complexity";
import type { Candidate, Strategy } from "../../../../lib/strategy/types";
import { aDeployment } from "../a-deployment";

const plainStrategy: Strategy = {
  tensorParallel: 8,
  pipelineParallel: 1,
  dataParallel: 1,
  expertParallel: 1,
  sequenceParallel: 1,
  gpus: 8,
};

interface Given {
  readonly ms?: number;
  readonly rate?: number;
  readonly usd?: number;
  readonly meets?: boolean;
  readonly feasible?: boolean;
  readonly overloaded?: boolean;
  /** How far beyond a limit of 100. */
  readonly over?: number;
  readonly strategy?: Partial<Strategy>;
}

/** An evaluation with nothing but what the choice reads. */
function evaluation(given: Given): Evaluation {
  const { ms = 100, rate = 10, usd, meets = true, feasible = true, over = 0 } = given;
  const candidate = {
    strategy: { ...plainStrategy, ...given.strategy },
    meetsSlo: meets,
    feasible,
    throughput: { highestRequestRate: rate },
    ...(given.overloaded === true ? {} : { latency: {} }),
    ...(usd === undefined ? {} : { costUsdPerMillionOutputTokens: usd }),
  } as unknown as Candidate;
  const requirement = {
    id: "decode-p99",
    requirement: "",
    value: 100 + over,
    limit: 100,
    unit: "ms",
    bound: "most" as const,
    valueText: "",
    configKey: "",
    change: "",
  };
  return { candidate, requirements: [requirement], meanRequestMs: ms };
}

type Objective = "latency" | "throughput" | "cost" | "goodput";

/** Index of the one that is chosen. */
function chosen(all: readonly Given[], objective: Objective = "latency"): number {
  const evaluations = all.map(evaluation);
  return evaluations.indexOf(chooseBest(evaluations, aDeployment({ strategy: { objective } })));
}

const pipeline = { pipelineParallel: 2, tensorParallel: 4 };
const replicas = { dataParallel: 2, tensorParallel: 4 };

describe("the choice between strategies that are nearly as good", () => {
  it("is the one with fewer parts where the better one gains 3 % or less", () => {
    assert.equal(chosen([{ ms: 100, strategy: pipeline }, { ms: 102.9 }]), 1);
    assert.equal(chosen([{ ms: 100, strategy: pipeline }, { ms: 103.1 }]), 0);
  });

  it("is the better one where both have the same parts, however little it gains", () => {
    assert.equal(chosen([{ ms: 100.1 }, { ms: 100 }]), 1);
  });

  it("is the first of those that are alike in everything", () => {
    assert.equal(chosen([{}, {}]), 0);
  });

  it("prefers replicas to a pipeline, a pipeline to spread experts, those to sharded sequences", () => {
    const parts = [
      {},
      { dataParallel: 2 },
      { pipelineParallel: 2 },
      { expertParallel: 2 },
      { sequenceParallel: 2 },
    ];
    const weights = parts.map((part) => complexity({ ...plainStrategy, ...part }));
    assert.deepEqual(weights, [0, 1, 2, 4, 8]);
    assert.equal(chosen([{ strategy: pipeline }, { strategy: replicas }]), 1);
  });
});

describe("the choice by objective", () => {
  const fast = { ms: 50, rate: 5, usd: 20 };
  const many = { ms: 90, rate: 12, usd: 9 };
  it("is the shortest mean request, the highest rate, or the cheapest token", () => {
    assert.equal(chosen([many, fast], "latency"), 1);
    assert.equal(chosen([fast, many], "throughput"), 1);
    assert.equal(chosen([fast, many], "cost"), 1);
    assert.equal(chosen([fast, many], "goodput"), 1);
  });

  it("takes the highest rate for the cheapest token where there is no price", () => {
    assert.equal(chosen([{ rate: 5 }, { rate: 12 }], "cost"), 1);
  });
});

describe("the choice where nothing meets every requirement", () => {
  it("is what meets them, though others are faster", () => {
    assert.equal(chosen([{ ms: 10, meets: false, over: 1 }, { ms: 90 }]), 1);
  });

  it("is the highest rate where more is asked than any sustains", () => {
    const failing = { meets: false, overloaded: true };
    assert.equal(
      chosen(
        [
          { ...failing, rate: 4 },
          { ...failing, rate: 6 },
        ],
        "latency",
      ),
      1,
    );
  });

  it("is what misses its requirements by least where the rate is not what is missing", () => {
    const failing = { meets: false, rate: 20 };
    assert.equal(
      chosen([
        { ...failing, over: 50 },
        { ...failing, over: 10 },
      ]),
      1,
    );
  });

  it("is a strategy with a latency rather than one whose queue grows", () => {
    const failing = { meets: false, rate: 20 };
    assert.equal(
      chosen([
        { ...failing, over: 1, overloaded: true },
        { ...failing, over: 90 },
      ]),
      1,
    );
  });

  it("is a strategy that runs rather than one that does not", () => {
    const failing = { meets: false, rate: 0 };
    assert.equal(
      chosen([
        { ...failing, over: 1, feasible: false },
        { ...failing, over: 90 },
      ]),
      1,
    );
  });
});
