import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../../../lib/cli/commands";

const ROOT = join(__dirname, "../../..");

/** A command of shardplan that nothing starts: neither npx nor `asTyped`, which the examples of the commands go through. */
const BARE = new RegExp(
  `(?<!npx )(?<![\\w/-])shardplan (${COMMANDS.map(({ name }) => name).join("|")})(?![\\w-])`,
);
const isComment = (line: string) => /^\s*(\/\/|\/?\*)/.test(line);
const isExample = (path: string, line: string) =>
  path.startsWith("lib/cli/commands/") && /["(]shardplan /.test(line);

function filesUnder(folder: string, ending: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path));
}

const bareIn = (paths: readonly string[], isMeant: (path: string, line: string) => boolean) =>
  paths.flatMap((path) =>
    readFileSync(join(ROOT, path), "utf8")
      .split("\n")
      .filter((line) => BARE.test(line) && !isMeant(path, line))
      .map((line) => `${path}: ${line.trim()}`),
  );

describe("commands that people are told to paste", () => {
  it("begin with npx in pages and schemas, which do not know where they are read", () => {
    const pages = ["README.md", ...filesUnder("docs", ".md"), ...filesUnder("schema", ".json")];
    assert.deepEqual(
      bareIn(pages, () => false),
      [],
    );
  });

  it("begin as they have to be typed in what the program prints", () => {
    const sources = ["lib", "infra", "rehearsal"].flatMap((folder) => filesUnder(folder, ".ts"));
    assert.deepEqual(
      bareIn(sources, (path, line) => isComment(line) || isExample(path, line)),
      [],
    );
  });
});
