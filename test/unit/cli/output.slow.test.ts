import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QUICK, ROOT, runCli } from "./run-cli";

const DEV = ["--stack", "dev", ...QUICK];
const ESCAPE = String.fromCharCode(27);

describe("what shardplan prints", function () {
  this.timeout(600_000);

  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "shardplan-out-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("has the stable keys in JSON", () => {
    const plan = JSON.parse(runCli(["plan", "--json", ...DEV]).stdout);
    const stable = (
      "model hardware workload objective strategy candidates moduleDivision memoryPerGpu latency throughput " +
      "communication balance checks cost serving provenance"
    ).split(" ");
    assert.deepEqual(
      stable.filter((key) => !(key in plan)),
      [],
    );
    assert.deepEqual(plan.strategy, {
      tensorParallel: 1,
      pipelineParallel: 1,
      dataParallel: 1,
      expertParallel: 1,
      sequenceParallel: 1,
      gpus: 1,
    });
  });

  it("is the same to the last byte for the same input", () => {
    assert.equal(runCli(["plan", ...DEV]).stdout, runCli(["plan", ...DEV]).stdout);
  });

  it("has no colours in a pipe, colours with FORCE_COLOR, and none with NO_COLOR whatever else is said", () => {
    const colours = (env: NodeJS.ProcessEnv) => runCli(["plan", ...DEV], { env }).stdout.includes(ESCAPE);
    assert.equal(colours({}), false);
    assert.equal(colours({ FORCE_COLOR: "1" }), true);
    assert.equal(colours({ FORCE_COLOR: "1", NO_COLOR: "1" }), false);
  });

  it("goes to a file whose ending picks the format", () => {
    for (const [name, start] of [
      ["plan.json", /^\{\n {2}"schemaVersion": 1/],
      ["plan.md", /^# /],
      ["plan.html", /^<!doctype html>/i],
    ] as const) {
      const path = join(folder, name);
      const { status, stdout, stderr } = runCli(["plan", ...DEV, "--out", path], {
        env: { FORCE_COLOR: "1" },
      });
      assert.deepEqual([status, stdout], [0, ""]);
      assert.equal(stderr, `wrote ${path}\n✓ TP1 meets all 25 requirements at 1 request/s.\n`);
      const text = readFileSync(path, "utf8");
      assert.match(text, start);
      assert.ok(!text.includes(ESCAPE), name);
    }
  });

  it("goes to a file of JSON from every command that has JSON", () => {
    for (const command of [["models"], ["hardware"], ["explain", "strategy.gpus", ...DEV]]) {
      const path = join(folder, `${command[0]}.json`);
      assert.equal(runCli([...command, "--out", path]).status, 0);
      assert.doesNotThrow(() => JSON.parse(readFileSync(path, "utf8")), command[0]);
    }
  });

  it("survives a reader that goes away", () => {
    const command = `"${process.execPath}" scripts/start.mjs plan --stack dev --set workload.simulatedRequests=100 --json | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", command], {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    assert.deepEqual([stdout, stderr], ["{\n0\n", ""]);
  });

  /** npm as a user types it, without what the npm that runs this test handed down. */
  const npm = (...args: string[]) => {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("npm_") && name !== "NODE_OPTIONS"),
    );
    return spawnSync("npm", args, { cwd: ROOT, encoding: "utf8", env, maxBuffer: 64 * 2 ** 20 });
  };

  it("is clean JSON through `npm run -s`, and says so to whoever pipes it without", () => {
    const quiet = npm("run", "-s", "plan", "--", ...DEV, "--format", "json");
    assert.equal(quiet.status, 0);
    assert.equal(JSON.parse(quiet.stdout).strategy.tensorParallel, 1);
    assert.equal(quiet.stderr, "");
    const hint = "npm's banner stands before this output: `npm run -s shardplan -- ...` leaves it out\n";
    assert.equal(npm("run", "shardplan", "--", "hardware", "--json").stderr, hint);
    assert.equal(npm("run", "shardplan", "--", "hardware").stderr, "");
  });

  it("leaves npm's own errors to be read", () => {
    const { status, stderr } = npm("run", "no-such-script");
    assert.equal(status, 1);
    assert.match(stderr, /Missing script: "no-such-script"/);
  });

  it("names the version and the exit codes in its help, and an example for every command", () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    assert.equal(runCli(["--version"]).stdout, `${manifest.version}\n`);
    const help = runCli(["--help"]);
    assert.equal(help.status, 0);
    assert.match(help.stdout, /Exit codes: 0 the plan meets every requirement, 2 it does not/);
    const commands = [...help.stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? "");
    assert.ok(commands.length >= 9, commands.join(" "));
    for (const command of commands.filter((name) => name !== "help")) {
      const text = runCli([command, "--help"]).stdout;
      assert.match(text, /\nExamples:\n {2}\S/, command);
    }
  });
});
