import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FOLDER = join(__dirname, "../golden/aws");

/** Holds a text against the golden file of a name, or writes that with `UPDATE_GOLDEN=1`. */
export function holdAgainstGolden(name: string, text: string): void {
  const file = join(FOLDER, name);
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const update = `UPDATE_GOLDEN=1 npx mocha --exit test/engine/${name.startsWith("changes") ? "aws-changes" : "aws-graphs"}.test.ts`;
  assert.ok(existsSync(file), `${file} is missing; write it with ${update}`);
  assert.equal(text, readFileSync(file, "utf8"), `${name} is another one; if that is meant: ${update}`);
}
