import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderReport } from "../../../lib/report";
import { stackPlan } from "./stack-plan";

const README = join(__dirname, "../../../README.md");
const BLOCK = /(<!-- excerpt: npm run plan -->\n```\n)([\s\S]*?)(```\n<!-- end of excerpt -->)/;

/** The parts of the prod plan that the README shows: verdict, latencies, the table of all strategies. */
function excerpt(): string {
  const report = renderReport(stackPlan("prod"), "terminal", { color: false, width: 100 });
  const head = report.slice(0, report.indexOf("── Hardware environment"));
  const part = (from: string) =>
    report.slice(report.indexOf(from), report.indexOf("\nsources:", report.indexOf(from)));
  return [head.trimEnd(), part("quantity   "), part("strategy        verdict")].join("\n\n...\n\n");
}

describe("README", () => {
  it("shows the plan as it is printed", () => {
    const readme = readFileSync(README, "utf8");
    const fresh = readme.replace(BLOCK, (_, before, __, after) => `${before}${excerpt()}\n${after}`);
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(README, fresh);
    assert.match(readme, BLOCK);
    assert.equal(
      readFileSync(README, "utf8"),
      fresh,
      "update with UPDATE_GOLDEN=1 npx mocha test/unit/report/readme.test.ts",
    );
  });
});
