import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "../..");

/** Calls of `assert.ok` with nothing but the condition, as `file:line`. */
function silentAssertions(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isOk = ts.isCallExpression(node) && /^assert(\.ok)?$/.test(node.expression.getText());
    if (isOk && node.arguments.length === 1) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${relative(ROOT, file)}:${line + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe("the tests", () => {
  it("say what they saw: every assert.ok has a message", () => {
    const files = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(ROOT, "test", file));
    assert.deepEqual(files.flatMap(silentAssertions), [], "add what was seen, or what the condition means");
  });
});
