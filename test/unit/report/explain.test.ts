import assert from "node:assert/strict";
import { UserError } from "../../../lib/config";
import { explain, planJson, renderExplanation } from "../../../lib/report";
import { figureProvenance } from "../../../lib/report/explain/figure-provenance";
import { numericFigures } from "../../../lib/report/explain/numeric-figures";
import { planCommands } from "../../../lib/report/json/plan-commands";
import { type Plan, strategyLabel } from "../../../lib/strategy";
import { fixturePlan } from "./fixture-plan";
import { failingPlan, fullOptions, stackPlan } from "./stack-plan";

describe("explain", function () {
  this.timeout(120_000);
  const plans: readonly (readonly [string, () => Plan])[] = [
    ["prod", () => stackPlan("prod")],
    ["dev", () => stackPlan("dev")],
    ["a failing plan", failingPlan],
  ];
  for (const [name, plan] of plans) {
    it(`leads every number in the JSON of ${name} to a formula and a source`, () => {
      const made = plan();
      const provenance = figureProvenance(made);
      const details = name === "prod" ? fullOptions("prod") : {};
      const figures = numericFigures(planJson(made, planCommands(made), details));
      assert.ok(figures.length > 300, `only ${figures.length} figures were walked`);
      const unexplained = figures.filter(([figure]) => {
        const entry = provenance(figure);
        return !entry || entry.formula === "" || entry.source === "";
      });
      assert.deepEqual(
        unexplained.map(([figure]) => figure),
        [],
      );
    });
  }

  it("gives formula, inputs and source of one figure", () => {
    const [weights, ...rest] = explain(fixturePlan(), "memoryPerGpu.weightsBytes");
    assert.deepEqual(rest, []);
    assert.equal(weights?.text, "17.50 GB (16.30 GiB)"); // 17.5e9 / 2^30 = 16.298
    assert.match(
      renderExplanation([weights ?? assert.fail()]),
      /parameters \* bytesPerParameter[\s\S]*70,553,706,496[\s\S]*model/,
    );
  });

  it("explains every figure below a group", () => {
    const figures = explain(fixturePlan(), "latency.decode").map(({ figure }) => figure);
    assert.deepEqual(figures.slice(0, 2), ["latency.decode.p50Ms", "latency.decode.p99Ms"]);
    assert.equal(figures.length, 6);
  });

  it("explains a candidate's figure by its own degrees", () => {
    const plan = stackPlan("prod");
    const index = plan.candidates.findIndex(({ strategy }) => strategyLabel(strategy) === "TP4 PP2");
    const [weights] = explain(plan, `candidates[${index}].memory.weightsBytes`);
    assert.deepEqual([weights?.inputs.tensorParallel, weights?.inputs.layers], [4, 40], weights?.formula);
  });

  it("says of a figure that an overloaded plan lacks that it is overloaded, and of one that cannot run why", () => {
    const overloaded = stackPlan("prod", ["workload.requestRate=40", "workload.simulatedRequests=500"]);
    const growth =
      /^\S+: TP8 is overloaded: it serves at most [\d.]+ requests\/s, [\d.]+ short, so its queue grows/;
    for (const [plan, figure, message] of [
      [overloaded, "latency", growth],
      [overloaded, "latency.decode.p99Ms", growth],
      [overloaded, "simulation.preemptions", growth],
      [overloaded, "cost.usdPerMillionOutputTokens", growth],
      [
        failingPlan(),
        "latency.decode.p99Ms",
        /TP1 x8 cannot run, so it has no such figure\. Each GPU would have to hold .*weights/,
      ],
    ] as const) {
      assert.throws(
        () => explain(plan, figure),
        (error) => error instanceof UserError && message.test(error.line),
        figure,
      );
    }
  });

  it("gives the band of a figure that has one, and what its width was measured on", () => {
    const [decode, ...edges] = explain(stackPlan("prod"), "latency.decode.p99Ms");
    assert.deepEqual(edges, []);
    const { p99LowMs, p99HighMs } = stackPlan("prod").latency.decode;
    assert.deepEqual([decode?.band?.low, decode?.band?.high], [p99LowMs, p99HighMs]);
    assert.match(decode?.band?.source ?? "", /published figures/);
    assert.match(
      renderExplanation([decode ?? assert.fail()]),
      /^ {2}band {5}[\d.]+ ms to [\d.]+ ms \(80 %\)$/m,
    );
    assert.equal(explain(stackPlan("prod"), "memoryPerGpu.weightsBytes")[0]?.band, undefined);
  });

  it("breaks long formulas between words, below where they begin", () => {
    const lines = renderExplanation(explain(stackPlan("prod"), "memoryPerGpu.weightsBytes"), 80).split("\n");
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
    const whole = renderExplanation(explain(stackPlan("prod"), "memoryPerGpu.weightsBytes"));
    assert.equal(lines.map((line) => line.trim()).join(" "), whole.replaceAll(/\n\s*/g, " "));
    assert.ok(lines.length > whole.split("\n").length, `${lines.length} lines are no more than unbroken`);
  });

  it("says of a path to a word that it is no number, not that it is missing", () => {
    assert.throws(
      () => explain(fixturePlan(), "objective"),
      (error) => error instanceof UserError && error.line.startsWith('objective: is no number but "'),
    );
  });

  it("knows what the field calls a figure", () => {
    const figures = (typed: string) => explain(stackPlan("prod"), typed).map(({ figure }) => figure);
    assert.deepEqual(figures("ttft.p99"), ["latency.firstToken.p99Ms"]);
    assert.deepEqual(figures("TPOT"), figures("latency.decode"));
    assert.deepEqual(figures("goodput"), ["throughput.sustainableRequestRate"]);
  });

  it("names the nearest figures when there is none of that name", () => {
    assert.throws(
      () => explain(fixturePlan(), "memory.weightBytes"),
      (error) => error instanceof UserError && /memoryPerGpu\.weightsBytes/.test(error.hint),
    );
  });
});
