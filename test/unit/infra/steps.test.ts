import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { z } from "zod";
import { parseResult } from "../../../infra/remote-step";

const STEPS = join(__dirname, "../../../infra/steps");
const names = readdirSync(STEPS).filter((name) => name !== "lib.sh");
const library = readFileSync(join(STEPS, "lib.sh"), "utf8");

/** Runs bash code behind the library; the last line of its standard output is a step's result. */
const runBash = (code: string) =>
  spawnSync("bash", ["-s"], { input: `HOST_NAME=test\n${library}\n${code}`, encoding: "utf8" });

describe("every step", () => {
  for (const name of names) {
    const text = readFileSync(join(STEPS, name), "utf8");

    it(`${name} ends with the line that starts it, so that half a transmission runs nothing`, () => {
      assert.equal(text.trimEnd().split("\n").at(-1), `run_step ${name.replace(".sh", "")} "$@"`);
    });

    it(`${name} says what comes in and what goes out`, () => {
      assert.match(text, /^# in: {2}HOST_NAME/m);
      assert.match(text, /^# out: \{/m);
    });

    it(`${name} has no function beyond 25 lines`, () => {
      for (const [, functionName, body = ""] of text.matchAll(/^(\w+)\(\) \{\n(.*?)^\}/gms)) {
        const lines = body.trimEnd().split("\n").length;
        assert.ok(lines <= 25, `${functionName} has ${lines} lines`);
      }
    });
  }

  it("is free of shellcheck's complaints", function () {
    if (spawnSync("shellcheck", ["--version"]).status !== 0) this.skip();
    execFileSync(
      "shellcheck",
      [...names, "lib.sh"].map((name) => join(STEPS, name)),
    );
  });
});

describe("lib.sh", () => {
  it("prints results as JSON whatever the text holds", () => {
    const printable = fc.string({ unit: "grapheme", maxLength: 30 });
    fc.assert(
      fc.property(printable, (text) => {
        const quoted = `'${text.replaceAll("'", `'\\''`)}'`;
        const { stdout } = runBash(`result "text="${quoted} "count:=3"`);
        assert.deepEqual(JSON.parse(stdout), { changes: 0, text, count: 3 });
      }),
      { numRuns: 40 },
    );
  });

  it("writes a file once, and again only when content, mode or owner differ", () => {
    const folder = mkdtempSync(join(tmpdir(), "shardplan-steps-"));
    const path = join(folder, "new", "file");
    const owner = userInfo().username;
    const write = (content: string, mode = "600") =>
      runBash(
        `if write_file '${path}' ${mode} ${owner} $'${content}'; then echo written; else echo same; fi`,
      ).stdout.trim();
    assert.equal(write("one\\n"), "written");
    assert.equal(write("one\\n"), "same");
    // A missing line end is a difference, too.
    assert.equal(write("one"), "written");
    assert.equal(write("one", "644"), "written");
    assert.equal(statSync(path).mode & 0o777, 0o644);
    assert.equal(readFileSync(path, "utf8"), "one");
    assert.deepEqual(readdirSync(join(folder, "new")), ["file"]);
    rmSync(folder, { recursive: true });
  });

  it("says on one line what is wrong, on which host, and what to do", () => {
    const { status, stderr } = runBash('fatal "port 443 is in use" "stop that process"');
    assert.equal(status, 1);
    assert.equal(stderr, "error: test: port 443 is in use; stop that process\n");
  });
});

describe("parseResult", () => {
  const schema = z.object({ gpus: z.number() });

  it("takes the last line of standard output", () => {
    assert.deepEqual(parseResult("host-facts", schema, 'noise\n{"gpus":8}\n'), { gpus: 8 });
  });

  it("says which step ended without its result, and without a stack trace", () => {
    assert.throws(() => parseResult("host-facts", schema, ""), {
      name: "Error",
      message: /^step host-facts ended without its result \(it is no JSON\): ; run pulumi up again$/,
    });
    assert.throws(
      () => parseResult("host-facts", schema, '{"gpus":"8"}'),
      /expected number, received string/,
    );
  });
});
