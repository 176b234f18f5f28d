import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderReport } from "../../../lib/report";
import { fullOptions, stackPlan } from "./stack-plan";

const FOLDER = join(__dirname, "../../golden/report");
const UPDATE = "UPDATE_GOLDEN=1 npx mocha test/unit/report/golden.test.ts";
const EXTENSIONS = { terminal: "txt", md: "md", html: "html", json: "json" } as const;

/**
 * The whole report of two stacks in four formats. A golden file may change when the planner's figures or the report's
 * words change; the difference is then read like code.
 */
describe("golden reports", function () {
  this.timeout(120_000);
  for (const stack of ["prod", "dev"]) {
    for (const format of ["terminal", "md", "html", "json"] as const) {
      it(`says of ${stack} in ${format} what it said before`, () => {
        const text = renderReport(stackPlan(stack), format, fullOptions(stack));
        const file = join(FOLDER, `${stack}.${EXTENSIONS[format]}`);
        if (process.env.UPDATE_GOLDEN === "1") {
          mkdirSync(FOLDER, { recursive: true });
          writeFileSync(file, text);
        }
        assert.ok(existsSync(file), `${file} is missing; write it with ${UPDATE}`);
        assert.ok(text === readFileSync(file, "utf8"), firstDifference(text, readFileSync(file, "utf8")));
      });
    }
  }
});

function firstDifference(now: string, before: string): string {
  const old = before.split("\n");
  const index = now.split("\n").findIndex((line, at) => line !== old[at]);
  const line = now.split("\n")[index] ?? "(end)";
  return `line ${index + 1} was\n${cut(old[index] ?? "(end)")}\nand is\n${cut(line)}\nIf that is meant: ${UPDATE}`;
}

const cut = (text: string) => (text.length > 300 ? `${text.slice(0, 300)} ...` : text);
