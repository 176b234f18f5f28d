import assert from "node:assert/strict";
import { keptFlags, parsedFlags } from "../../bench/vllm/record-flags";

describe("recorded flags beside the parser of vLLM", () => {
  it("are the same, each with the values that it takes", async function () {
    this.timeout(20 * 60_000);
    assert.deepEqual(await keptFlags(), await parsedFlags(), "npm run bench:flags -- --update");
  });
});
