import assert from "node:assert/strict";
import { asTyped, inBackticks, programName } from "../../../lib/config";

describe("how shardplan is started", () => {
  const of = (script: string, env = {}) => programName({ argv: ["node", script], env });

  it("by its name alone where it is installed for the machine", () => {
    assert.equal(of("/usr/local/bin/shardplan"), "shardplan");
  });

  for (const [what, script, env] of [
    ["in its own cache", "/root/.npm/_npx/1/node_modules/.bin/shardplan", {}],
    ["where it is installed, too", "/usr/local/bin/shardplan", { npm_command: "exec" }],
    ["when npm run started it", "/work/shardplan/scripts/start.mjs", { npm_command: "run-script" }],
    ["as a library", "/work/mine/index.js", {}],
  ] as const)
    it(`by npx ${what}`, () => assert.equal(of(script, env), "npx shardplan"));

  it("stands in what is printed to be pasted, and leaves names alone", () => {
    assert.equal(inBackticks("models"), "`npx shardplan models`");
    assert.equal(asTyped('eval "$(shardplan completion bash)"'), 'eval "$(npx shardplan completion bash)"');
    assert.equal(
      asTyped("shardplan rules --out shardplan-rules.yml"),
      "npx shardplan rules --out shardplan-rules.yml",
    );
  });
});
