import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigError, configKeys, parseDeployment } from "../../../lib/config";
import { SECTIONS } from "../../../lib/config/sections";

/** Anything that YAML could hold, with the odd key that an attacker would try. */
const yamlValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("auto", "8", "true", "bf16", "fixed", "", null),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.string(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom("kind", "p50Ms", "__proto__", "constructor"), fc.string()),
      tie("value"),
      {
        maxKeys: 3,
      },
    ),
  ),
})).value;

function assertOnlyConfigErrors(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    assert.ok(error.problems.length > 0, `error.problems.length: ${error.problems.length}`);
    for (const line of error.line.split("\n").slice(0, error.problems.length))
      assert.notEqual(line.trim(), "");
  }
}

describe("any configuration at all", () => {
  it("gives a deployment or problems, never another error", () => {
    const values = fc.dictionary(fc.oneof(fc.constantFrom(...SECTIONS), fc.string()), yamlValue, {
      maxKeys: 5,
    });
    fc.assert(
      fc.property(fc.oneof(values, yamlValue), (input) =>
        assertOnlyConfigErrors(() => parseDeployment(input)),
      ),
      { numRuns: 500 },
    );
  });

  it("set by any --set text gives a deployment or problems, never another error", () => {
    const path = fc.oneof(fc.constantFrom(...configKeys()), fc.string());
    const text = fc.oneof(
      fc.string(),
      fc.tuple(path, fc.oneof(fc.string(), fc.json())).map(([key, value]) => `${key}=${value}`),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), (texts) =>
        assertOnlyConfigErrors(() => parseDeployment({}, texts)),
      ),
      { numRuns: 500 },
    );
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  });
});
