import assert from "node:assert/strict";
import { comparePlans } from "../../../lib/report";
import { checkLabel } from "../../../lib/strategy";
import { fixturePlan } from "./fixture-plan";

const options = { color: false, width: 100 };

describe("comparePlans", () => {
  const one = fixturePlan();
  const other = fixturePlan({ cost: { ...one.cost, usdPerHour: 110.08 } });
  const plans = [
    { name: "prod", plan: one },
    { name: "twice", plan: other },
  ];

  it("names the better plan in the rows that differ and in no others", () => {
    const lines = comparePlans(plans, "terminal", options).split("\n");
    assert.deepEqual(
      lines.filter((line) => / {2}(prod|twice|≠)$/.test(line)).map((line) => line.split(/ {2,}/)),
      [["Per hour", "$55.04", "$110.08", "prod"]],
    );
  });

  it("names the winner by the objective, of those that meet every requirement", () => {
    const deployment = {
      ...one.deployment,
      strategy: { ...one.deployment.strategy, objective: "latency" as const },
    };
    const paced = (share: number) => {
      const decode = { ...one.latency.decode, p50Ms: share * one.latency.decode.p50Ms };
      return fixturePlan({ deployment, latency: { ...one.latency, decode } });
    };
    const [slower, faster] = [paced(2), paced(0.5)];
    const failed = fixturePlan({ checks: one.checks.map((check) => ({ ...check, pass: false })) });
    const winner = (of: Readonly<Record<string, typeof one>>) => {
      const named = Object.entries(of).map(([name, plan]) => ({ name, plan }));
      return JSON.parse(comparePlans(named, "json", options)).winner;
    };
    assert.equal(winner({ slower, faster }), "faster");
    assert.equal(winner({ one, failed }), "one");
    assert.equal(winner({ one, same: one }), null);
    assert.equal(winner({ failed, other: failed }), null);
    const named = [
      { name: "slower", plan: slower },
      { name: "faster", plan: faster },
    ];
    assert.match(
      comparePlans(named, "terminal", options),
      /✓ faster wins by the objective latency\. It takes /,
    );
  });

  it("tells a quantised checkpoint by its formats, whatever precision was asked for", () => {
    const checkpoint = { method: "fp8", formats: { feedForward: "fp8_block" } } as const;
    const quantised = { ...one, model: { ...one.model, checkpoint } } as unknown as typeof one;
    const { rows } = JSON.parse(
      comparePlans([plans[0] ?? assert.fail(), { name: "fp8", plan: quantised }], "json", options),
    );
    assert.deepEqual(rows.find(({ label }: { label: string }) => label === "Precision")?.values, [
      "BF16",
      "FP8 BLOCK (fp8)",
    ]);
  });

  it("names the requirements that fail", () => {
    const checks = one.checks.map((check, index) => ({ ...check, pass: index > 1 }));
    const failing = { name: "failing", plan: fixturePlan({ checks }) };
    const { rows } = JSON.parse(comparePlans([plans[0] ?? failing, failing], "json", options));
    assert.deepEqual(
      rows.find(({ label }: { label: string }) => label === "Requirements that fail")?.values,
      [
        "none",
        checks
          .slice(0, 2)
          .map(({ id }) => checkLabel(id))
          .join(", "),
      ],
    );
  });

  it("holds the whole plans in JSON", () => {
    const json = JSON.parse(comparePlans(plans, "json", options));
    assert.deepEqual(
      json.plans.map(({ name }: { name: string }) => name),
      ["prod", "twice"],
    );
    assert.equal(json.plans[1].plan.cost.usdPerHour, 110.08);
  });

  it("renders in every format", () => {
    assert.match(comparePlans(plans, "md", options), /\| Per hour \| .* \| prod \|/);
    assert.match(comparePlans(plans, "html", options), /<h1>prod against twice<\/h1>/);
  });

  it("breaks no row at 80 columns: what is too long for one stands below the table", () => {
    const named = ["tp8", "a-second-stack", "third"].map((name, index) => ({
      name,
      plan: fixturePlan({ cost: { ...one.cost, usdPerHour: index } }),
    }));
    for (const compared of [named.slice(0, 2), named]) {
      const lines = comparePlans(compared, "terminal", { color: false, width: 80 }).split("\n");
      assert.deepEqual(
        lines.filter((line) => line.length > 80 || /^ {3}/.test(line)),
        [],
        "a row is broken",
      );
      const text = lines.join(" ").replaceAll(/\s+/g, " ");
      assert.match(text, /- Model, the same for all: meta-llama\/Meta-Llama-3-70B-Instruct/, text);
    }
  });
});
