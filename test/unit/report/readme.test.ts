import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderScreen } from "../../../lib/report";
import { stackPlan } from "./stack-plan";

const README = join(__dirname, "../../../README.md");
const BLOCK = /(<!-- output: npm run plan -->\n```\n)([\s\S]*?)(```\n<!-- end of output -->)/;

describe("README", () => {
  it("shows the plan as it is printed", () => {
    const readme = readFileSync(README, "utf8");
    assert.match(readme, BLOCK);
    const screen = renderScreen(stackPlan("prod"), { color: false, width: 100 });
    const fresh = readme.replace(BLOCK, (_, before, __, after) => `${before}${screen}${after}`);
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(README, fresh);
    assert.equal(
      readFileSync(README, "utf8"),
      fresh,
      "update with UPDATE_GOLDEN=1 npx mocha test/unit/report/readme.test.ts",
    );
  });

  it("begins with what runs on any machine", () => {
    const [first] = /```bash\n([\s\S]*?)```/.exec(readFileSync(README, "utf8"))?.slice(1) ?? [];
    assert.match(first ?? "", /^npm ci && npm run plan\b/);
  });
});
