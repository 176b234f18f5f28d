import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QUICK, runCli } from "./run-cli";

describe("exit codes of shardplan", function () {
  this.timeout(120_000);

  it("0: the plan meets every requirement", () => {
    const { status, stdout, stderr } = runCli(["plan", "--stack", "dev", "--json", ...QUICK]);
    assert.equal(status, 0, stderr);
    const plan = JSON.parse(stdout);
    assert.deepEqual(plan.violations, []);
    assert.ok(
      plan.checks.every((check: { pass: boolean }) => check.pass),
      `plan.checks: ${JSON.stringify(plan.checks)}`,
    );
  });

  it("2: a requirement is missed, and the report still prints", () => {
    // 141 GB of BF16 weights do not fit in the 80 GB of one GPU.
    const args = ["plan", "--set", "strategy.tensorParallel=1", ...QUICK];
    for (const format of ["terminal", "json"]) {
      const { status, stdout } = runCli([...args, "--format", format]);
      assert.equal(status, 2, format);
      assert.match(stdout, /hold 131\.42 GiB of weights/, format);
    }
  });

  it("2: a service level is missed", () => {
    const { status, stdout } = runCli(["plan", "--json", "--set", "slo.decode.p99Ms=1", ...QUICK]);
    assert.equal(status, 2);
    const failing = JSON.parse(stdout).checks.filter((check: { pass: boolean }) => !check.pass);
    const keys = failing.map((check: { configKey: string }) => check.configKey);
    assert.ok(keys.includes("slo.decode.p99Ms"), keys.join(" "));
  });

  describe("1: a mistake of the user, with nothing on stdout and no stack trace", () => {
    let folder = "";
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "shardplan-cli-"));
      writeFileSync(join(folder, "Pulumi.mine.yaml"), "config:\n  shardplan:slo: { decode: { p99: 5 } }\n");
      writeFileSync(join(folder, "broken.json"), "{");
    });
    after(() => rmSync(folder, { recursive: true }));

    const mistakes: [string, string[], RegExp][] = [
      [
        "an unknown command",
        ["plann"],
        /^unknown command 'plann'; did you mean plan\?; `--help` shows the options\n$/,
      ],
      [
        "an unknown option",
        ["plan", "--stak", "dev"],
        /^unknown option '--stak'; did you mean --stack\?; `--help` shows the options\n$/,
      ],
      [
        "an unknown format",
        ["plan", "--format", "pdf"],
        /^--format: 'pdf' is none of terminal, json, md, html; did you mean md\?; `--help` shows the usage\n$/,
      ],
      [
        "an option without its value",
        ["plan", "--stack"],
        /^--stack needs what it is to take: --stack <name>; /,
      ],
      ["an argument too many", ["models", "x"], /^models takes 0 arguments, not 1; /],
      ["a shell that is none", ["completion", "tcsh"], /^'tcsh' is none of bash, zsh, fish; /],
      [
        "an unknown section",
        ["plan", "--file", "none.yaml", "latencies"],
        /^'latencies' is none of hardware, [\w, -]+; did you mean latency\?; `--help` shows the usage\n$/,
      ],
      ["a folder for a file", ["plan", "--file", "."], /^\.: is a folder, not a file\n$/],
      [
        "a folder of cases",
        ["predict", "."],
        /^\.: is a folder, not a file; give a CSV file, or - for stdin\n$/,
      ],
      [
        "a folder of models that is not there",
        ["predict", "--models", "none", "-"],
        /^--models none: there is no such folder; give the folder of the config\.json files\n$/,
      ],
      ["a folder to write to", ["models", "--out", "."], /^\.: is a folder; give --out a file in a folder/],
      [
        "a model config that is a folder",
        ["plan", "--stack", "mine", "--set", "slo.decode=", "--set", "model.configPath=."],
        /^model\.configPath: \S+: is a folder, not a file; /,
      ],
      [
        "an unknown stack",
        ["plan", "--stack", "prod"],
        /^Pulumi\.prod\.yaml: no such file; stacks here: mine; choose one with --stack\n$/,
      ],
      [
        "an unknown key",
        ["plan", "--stack", "mine"],
        /^Pulumi\.mine\.yaml: slo\.decode\.p99: unknown key; did you mean/,
      ],
      ["a file that is not there", ["plan", "--file", "none.yaml"], /^none\.yaml: no such file\n$/],
      [
        "an instance type that the catalogue lacks",
        ["plan", "--stack", "mine", "--set", "slo.decode=", "--set", "hardware.instanceType=p9.large"],
        /^hardware\.instanceType: no instance type "p9\.large"/,
      ],
      [
        "a model that the catalogue lacks",
        ["plan", "--stack", "mine", "--set", "slo.decode=", "--set", "model.name=gpt-9"],
        /^model\.name: no model "gpt-9"/,
      ],
      [
        "a model config that is not JSON",
        ["plan", "--stack", "mine", "--set", "slo.decode=", "--set", "model.configPath=broken.json"],
        /^model\.configPath: .*broken\.json: is not JSON; /,
      ],
      [
        "two stacks at once",
        ["plan", "--stack", "mine", "--stack", "x"],
        /takes one stack.*`npx shardplan compare`/,
      ],
      [
        "a strategy that is none",
        ["plan", "--stack", "mine", "--strategy", "8tp"],
        /^--strategy 8tp: not a strategy/,
      ],
      ["one plan to compare", ["compare", "mine", "--set", "slo.decode="], /^compare: one plan alone/],
      ["a sweep without a parameter", ["sweep", "--stack", "mine"], /^sweep: --param is needed; as in/],
      [
        "no figure to explain",
        ["explain"],
        /^explain: <figures> is missing; as in `.*explain memoryPerGpu\.weightsBytes`\n$/,
      ],
      [
        "a file whose ending is of no report",
        ["plan", "--stack", "mine", "--set", "slo.decode=", "--out", "x.pdf"],
        /^x\.pdf: no report has the ending \.pdf; end it with \.html/,
      ],
      [
        "an output folder that is not there",
        ["models", "--out", "none/x.txt"],
        /^none\/x\.txt: cannot be written: there is no folder none; give --out a file in a folder that exists/,
      ],
    ];
    for (const [what, args, line] of mistakes) {
      it(what, () => {
        const { status, stdout, stderr } = runCli(args, { cwd: folder });
        assert.match(stderr, line);
        assert.deepEqual([status, stdout], [1, ""]);
        assert.doesNotMatch(stderr, /^\s+at /m);
      });
    }

    it("every problem of a file has its line", () => {
      const { status, stderr } = runCli(
        ["config", "check", "--stack", "mine", "--set", "a=1", "--set", "b"],
        { cwd: folder },
      );
      assert.equal(status, 1);
      assert.deepEqual(
        stderr
          .trimEnd()
          .split("\n")
          .map((line) => line.slice(0, 24)),
        ["--set b: write it as key", "Pulumi.mine.yaml: slo.de", "--set a=1: a: unknown ke"],
      );
    });
  });
});
