import assert from "node:assert/strict";
import { comparePlans } from "../../../lib/report";
import { fixturePlan } from "./fixture-plan";

const options = { color: false, width: 100 };

describe("comparePlans", () => {
  const one = fixturePlan();
  const other = fixturePlan({ cost: { ...one.cost, usdPerHour: 110.08 } });
  const plans = [
    { name: "prod", plan: one },
    { name: "twice", plan: other },
  ];

  it("marks the rows that differ and no others", () => {
    const lines = comparePlans(plans, "terminal", options).split("\n");
    assert.deepEqual(
      lines.filter((line) => line.endsWith("≠")).map((line) => line.split(/ {2,}/)),
      [["Per hour", "$55.04", "$110.08", "≠"]],
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
          .map(({ id }) => id)
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
    assert.match(comparePlans(plans, "md", options), /\| Per hour \| .* \| ≠ \|/);
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
      assert.match(
        text,
        /- Model: tp8 meta-llama\/Meta-Llama-3-70B-Instruct; a-second-stack meta-llama/,
        text,
      );
    }
  });
});
