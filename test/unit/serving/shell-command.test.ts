import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { shellCommand } from "../../../lib/serving";

describe("shellCommand", () => {
  it("gives a shell back exactly the words that went in", () => {
    const word = fc.string({ maxLength: 12 }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
        const printed = execFileSync("bash", ["-c", `printf '%s\\0' ${shellCommand(words)}`]).toString();
        assert.deepEqual(printed.split("\0").slice(0, -1), words);
      }),
      { numRuns: 100 },
    );
  });

  it("leaves plain words as a person would write them", () => {
    assert.equal(shellCommand(["vllm", "serve", "/a/b", "--port=8000"]), "vllm serve /a/b --port=8000");
  });
});
