import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDeployment } from "../../../lib/config";
import { deploymentNode, type SchemaNode } from "../../../lib/config/schema-node";
import { extremes, readingAt, unreadable } from "./extremes";

/** Numeric nodes of the schema by their keys, those of lists and of variants too. */
function numeric(node: SchemaNode, key: string): [string, SchemaNode][] {
  const children = Object.entries(node.properties ?? {}).map(
    ([name, child]) => [`${key}.${name}`, child] as const,
  );
  const variants = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.items ? [node.items] : [])];
  return [
    ...(node.type === "number" || node.type === "integer" ? [[key, node] as [string, SchemaNode]] : []),
    ...children.flatMap(([name, child]) => numeric(child, name)),
    ...variants.flatMap((variant) => numeric(variant, key)),
  ];
}

describe("numbers that nobody means", function () {
  this.timeout(180_000);

  it("have bounds in every key", () => {
    const nodes = numeric(deploymentNode(), "");
    assert.ok(nodes.length > 60, `${nodes.length} numeric keys`);
    for (const [key, { minimum, maximum, enum: choices }] of nodes) {
      if (choices !== undefined) continue;
      const isBounded = (minimum ?? -Infinity) >= -1 && (maximum ?? Infinity) <= 2 ** 32;
      assert.ok(isBounded, `${key}: ${minimum} to ${maximum}`);
    }
  });

  it("are refused in one line that says what may stand there", () => {
    for (const [setting, allowed] of [
      ["workload.requestRate=1e308", "a number from 0.0001 to 100000; given 1e+308"],
      ["cost.priceUsdPerHour=1e300", "a number from 0.01 to 100000; given 1e+300"],
      ["cost.priceUsdPerHour=1e-300", "a number from 0.01 to 100000; given 1e-300"],
      ["envelope.maxMemoryFraction=1e-9", "a number from 0.001 to 1; given 1e-9"],
      ["slo.decode.p99Ms=1e99", "a number from 0.01 to 86400000; given 1e+99"],
    ] as const) {
      const [key] = setting.split("=");
      assert.throws(() => parseDeployment({}, [setting]), {
        message: `--set ${setting}: ${key}: must be ${allowed}`,
      });
    }
  });

  it("at the ends of what is taken give no figure and no line that cannot be read", () => {
    // A million simulated requests take a minute, and change no line.
    const all = extremes().filter(({ key, value }) => key !== "workload.simulatedRequests" || value < 1000);
    const apart = (a: { key: string }, b: { key: string }) => a.key !== b.key;
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.constantFrom(...all), (a, b) => {
        const chosen = apart(a, b) ? [a, b] : [a];
        const wrong = unreadable(readingAt(chosen));
        assert.deepEqual(wrong, [], chosen.map(({ key, value }) => `--set ${key}=${value}`).join(" "));
      }),
      { numRuns: 8 },
    );
  });
});
