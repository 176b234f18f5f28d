import assert from "node:assert/strict";
import { loadCurve, type Plan, plan, sensitivity } from "../../../lib/strategy";
import { aDeployment, referencePins } from "./a-deployment";

const prod: Plan = plan(aDeployment({ strategy: referencePins }));

describe("the load curve", () => {
  const curve = loadCurve(prod);

  it("rises: more requests make every percentile longer or leave it", () => {
    for (const [lower, higher] of curve.slice(1).map((point, i) => [curve[i], point] as const)) {
      assert.ok(
        lower !== undefined && higher.requestRate > lower.requestRate,
        `lower: ${JSON.stringify(lower)}, higher.requestRate: ${higher.requestRate}, lower.requestRate: ${lower.requestRate}`,
      );
      // Random arrivals differ from point to point; medians may wobble by a few percent.
      assert.ok(
        higher.firstTokenP50Ms > 0.93 * lower.firstTokenP50Ms,
        `higher.firstTokenP50Ms: ${higher.firstTokenP50Ms}, 0.93 * lower.firstTokenP50Ms: ${0.93 * lower.firstTokenP50Ms}`,
      );
      assert.ok(
        higher.decodeP50Ms > 0.97 * lower.decodeP50Ms,
        `higher.decodeP50Ms: ${higher.decodeP50Ms}, 0.97 * lower.decodeP50Ms: ${0.97 * lower.decodeP50Ms}`,
      );
    }
  });

  it("orders the percentiles and ends at the saturated rate", () => {
    for (const point of curve) {
      assert.ok(
        point.firstTokenP50Ms <= point.firstTokenP99Ms,
        `point.firstTokenP50Ms: ${point.firstTokenP50Ms}, point.firstTokenP99Ms: ${point.firstTokenP99Ms}`,
      );
      assert.ok(
        point.decodeP50Ms <= point.decodeP99Ms,
        `point.decodeP50Ms: ${point.decodeP50Ms}, point.decodeP99Ms: ${point.decodeP99Ms}`,
      );
    }
    assert.equal(curve.at(-1)?.requestRate, prod.throughput.saturatedRequestRate);
  });

  it("takes any rates, and calls one far beyond capacity unstable", () => {
    const points = loadCurve(prod, [1, 1000]);
    assert.deepEqual(
      points.map(({ stable }) => stable),
      [true, false],
    );
  });

  it("of a plan that cannot run is empty", () => {
    assert.deepEqual(loadCurve(plan(aDeployment({ strategy: { ...referencePins, tensorParallel: 1 } }))), []);
  });
});

describe("the sensitivity", () => {
  const rows = sensitivity(prod);

  it("asks about rate, prompt, length and the GPU types beside", () => {
    assert.equal(rows.length, 5);
    for (const [index, words] of [
      /twice the request rate \(16/,
      /prompts twice/,
      /16,384 tokens/,
      /up \(p5en/,
      /down \(p4de/,
    ].entries()) {
      assert.match(rows[index]?.change ?? "", words);
    }
  });

  it("says why with numbers, and whether the choice changes", () => {
    for (const row of rows) {
      assert.match(row.sentence, /\d/);
      assert.ok(row.choice.length > 0, `row.choice.length: ${row.choice.length}`);
    }
  });

  it("knows that Llama 3 has no longer context", () => {
    assert.equal(rows[2]?.meetsSlo, false);
    assert.match(rows[2]?.sentence ?? "", /the model knows 8,192/);
  });

  it("finds an H200 at least as good", () => {
    assert.equal(rows[3]?.meetsSlo, true);
  });

  it("leaves custom hardware where it is: nobody knows its neighbours", () => {
    const custom = plan(
      aDeployment({ hardware: { instanceType: "custom", gpu: "h100-sxm", gpusPerNode: 8 } }),
    );
    assert.equal(sensitivity(custom).length, 3);
  });
});

describe("the provenance", () => {
  /** Every dotted path of a number in a part of the plan. */
  const figures = (part: keyof Plan): string[] =>
    Object.entries(prod[part] ?? {}).flatMap(([key, value]) =>
      typeof value === "number"
        ? [`${part}.${key}`]
        : Object.keys(value).map((inner) => `${part}.${key}.${inner}`),
    );
  for (const part of ["memoryPerGpu", "latency", "communication", "balance"] as const) {
    it(`follows every figure of ${part} to a formula and a source`, () => {
      for (const figure of figures(part)) {
        const entry = prod.provenance.find((one) => one.figure === figure);
        assert.ok(entry !== undefined, figure);
        assert.ok(entry.formula.length > 10 && entry.source.length > 10, figure);
      }
    });
  }

  it("carries the inputs of this plan", () => {
    const weights = prod.provenance.find(({ figure }) => figure === "memoryPerGpu.weightsBytes");
    assert.equal(weights?.inputs.layers, 80);
    assert.equal(weights?.inputs.tensorParallel, 8);
  });
});
