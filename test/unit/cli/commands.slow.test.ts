import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listGpus, listInstanceTypes, listModels, MODEL_TYPES } from "../../../lib/catalog";
import { COMMANDS } from "../../../lib/cli/commands";
import { partsOf } from "../../../lib/cli/options";
import { QUICK, ROOT, runCli } from "./run-cli";

const DEV = ["--stack", "dev", ...QUICK];

describe("shardplan models, hardware", function () {
  this.timeout(600_000);

  it("list the whole catalogue, as a table and as JSON with sources", () => {
    const models = runCli(["models"]).stdout;
    for (const { name } of listModels()) assert.ok(models.includes(name), name);
    for (const type of MODEL_TYPES) assert.match(models, new RegExp(`^  .*\\b${type}\\b`, "m"), type);
    const hardware = runCli(["hardware"]).stdout;
    for (const { name } of [...listGpus(), ...listInstanceTypes()]) assert.ok(hardware.includes(name), name);
    const json = JSON.parse(runCli(["hardware", "--json"]).stdout);
    assert.equal(json.instanceTypes.length, listInstanceTypes().length);
    assert.ok(
      json.gpus.every((gpu: { provenance: { source: string } }) => gpu.provenance.source !== ""),
      `json.gpus: ${JSON.stringify(json.gpus)}`,
    );
  });
});

describe("shardplan config", function () {
  this.timeout(600_000);

  it("validates every stack of the repository", () => {
    for (const stack of ["prod", "dev", "byo"]) {
      const { status, stdout } = runCli(["config", "check", "--stack", stack]);
      assert.deepEqual([status, stdout], [0, `${stack}: valid\n`]);
    }
    assert.deepEqual(JSON.parse(runCli(["config", "--json"]).stdout), { stack: "prod", valid: true });
  });

  it("prints an example that is itself a stack with the same plan", () => {
    const folder = mkdtempSync(join(tmpdir(), "shardplan-example-"));
    try {
      writeFileSync(join(folder, "Pulumi.mine.yaml"), runCli(["config", "example", "--stack", "dev"]).stdout);
      const mine = runCli(["plan", "--json", "--stack", "mine", ...QUICK], { cwd: folder });
      assert.equal(mine.stdout, runCli(["plan", "--json", ...DEV]).stdout);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("shows a stack with its overrides and defaults", () => {
    const shown = JSON.parse(runCli(["config", "show", "--set", "hardware.nodes=2"]).stdout);
    assert.deepEqual([shown.hardware.nodes, shown.slo.decode.p99Ms], [2, 100]);
  });
});

describe("shardplan explain", function () {
  this.timeout(600_000);

  it("gives formula, inputs and source of a figure, also as JSON", () => {
    const text = runCli(["explain", "memoryPerGpu.weightsBytes", ...DEV]).stdout;
    assert.match(text, /^memoryPerGpu\.weightsBytes = /);
    assert.match(text, /\n {2}source {3}\S/);
    const [figure] = JSON.parse(runCli(["explain", "memoryPerGpu.weightsBytes", "--json", ...DEV]).stdout);
    assert.equal(figure.figure, "memoryPerGpu.weightsBytes");
  });

  it("names the nearest figures for one that is none", () => {
    const { status, stderr } = runCli(["explain", "memoryPerGpu.weightBytes", ...DEV]);
    assert.equal(status, 1);
    assert.match(stderr, /nearest: memoryPerGpu\.weightsBytes/);
  });
});

describe("shardplan compare", function () {
  this.timeout(600_000);

  it("sets strategies side by side and marks what differs", () => {
    const { status, stdout } = runCli(["compare", "--strategy", "tp8", "--strategy", "tp4dp2", ...QUICK]);
    assert.equal(status, 0);
    assert.match(stdout, /tp8/);
    assert.match(stdout, /tp4dp2/);
    assert.match(stdout, /≠/);
  });

  it("exits with 2 where none of the plans meets every requirement", () => {
    const impossible = ["--set", "slo.decode.p99Ms=1", "--set", "slo.decode.p50Ms=1"];
    const { status, stdout } = runCli([
      "compare",
      "--strategy",
      "tp8",
      "--strategy",
      "tp4dp2",
      ...impossible,
      ...QUICK,
    ]);
    assert.equal(status, 2);
    assert.match(stdout, /None of them meets every requirement/);
    assert.match(stdout, /≠: no plan is the better one/);
  });

  it("sets stacks side by side, by position or by --stack", () => {
    const byPosition = runCli(["compare", "prod", "dev", "--json", ...QUICK]);
    const byOption = runCli(["compare", "--stack", "prod", "--stack", "dev", "--json", ...QUICK]);
    assert.equal(byPosition.status, 0, byPosition.stderr);
    assert.equal(byPosition.stdout, byOption.stdout);
    JSON.parse(byPosition.stdout);
  });
});

describe("a path that is typed", function () {
  this.timeout(600_000);

  it("is taken from the folder it is typed in, whatever folder the stack comes from", () => {
    const cwd = mkdtempSync(join(tmpdir(), "shardplan-path-"));
    const shape = {
      model_type: "qwen2",
      hidden_size: 1024,
      intermediate_size: 4096,
      num_hidden_layers: 8,
      num_attention_heads: 16,
      num_key_value_heads: 8,
      vocab_size: 32000,
      max_position_embeddings: 32768,
    };
    writeFileSync(join(cwd, "config.json"), JSON.stringify(shape));
    const model = ["--set", "model.name=mine", "--set", "model.configPath=config.json"];
    const { stdout, stderr } = runCli(["plan", ...DEV, "--json", ...model], { cwd });
    rmSync(cwd, { recursive: true });
    assert.match(stderr, /^no stack files in this folder/);
    assert.equal(JSON.parse(stdout).model.layers, 8);
  });
});

describe("a command without a stack", function () {
  this.timeout(600_000);

  it("takes the only one of the folder, and names those there are where there are several", () => {
    const cwd = mkdtempSync(join(tmpdir(), "shardplan-stacks-"));
    writeFileSync(join(cwd, "Pulumi.mine.yaml"), "config:\n  shardplan:slo: { decode: { p99Ms: 42 } }\n");
    const one = runCli(["config", "show"], { cwd });
    writeFileSync(join(cwd, "Pulumi.yours.yaml"), "config:\n  shardplan:slo: { decode: { p99Ms: 43 } }\n");
    const two = runCli(["plan"], { cwd });
    rmSync(cwd, { recursive: true });
    assert.equal(JSON.parse(one.stdout).slo.decode.p99Ms, 42);
    assert.equal(one.stderr, "taking the stack mine, the only one in this folder\n");
    assert.equal(two.status, 1);
    assert.equal(
      two.stderr,
      "Pulumi.prod.yaml: no such file; stacks here: mine, yours; choose one with --stack\n",
    );
  });
});

describe("shardplan sweep", function () {
  this.timeout(600_000);

  const SWEEP = ["sweep", ...DEV, "--param", "workload.requestRate=1,40"];

  it("shows where the targets break, as table, CSV, JSON and bars", () => {
    const table = runCli(SWEEP);
    assert.equal(table.status, 0);
    assert.equal(table.stdout.trimEnd().split("\n").length, 4);
    const csv = runCli([...SWEEP, "--format", "csv"])
      .stdout.trimEnd()
      .split("\n");
    assert.match(csv[0] ?? "", /^workload\.requestRate,meets,strategy,prefillP99Ms,/);
    assert.match(csv[1] ?? "", /^1,true,TP1,/);
    assert.match(csv[2] ?? "", /^40,false,TP1,/);
    const { param, rows } = JSON.parse(runCli([...SWEEP, "--json"]).stdout);
    assert.equal(param, "workload.requestRate");
    assert.deepEqual(
      rows.map((row: { meets: boolean }) => row.meets),
      [true, false],
    );
    assert.match(
      runCli([...SWEEP, "--format", "plot"]).stdout,
      /first token p99 in ms .*target 1000\)\n +1 .*│/,
    );
  });

  it("draws to the file that --out names, as a page or as SVG, and refuses an ending that it cannot write", () => {
    const folder = mkdtempSync(join(tmpdir(), "shardplan-sweep-"));
    after(() => rmSync(folder, { recursive: true }));
    const page = join(folder, "sweep.html");
    assert.equal(runCli([...SWEEP, "--out", page]).status, 0);
    const html = readFileSync(page, "utf8");
    assert.match(html, /^<!doctype html>/);
    assert.match(html, /1 of 2 values of workload\.requestRate meet every requirement: 1\./);
    assert.equal(html.match(/<svg/g)?.length, 6); // three latencies, for desk and phone
    const drawing = join(folder, "sweep.svg");
    assert.equal(runCli([...SWEEP, "--out", drawing, "--format", "plot"]).status, 0);
    const parsed = spawnSync("python3", [
      "-c",
      "import sys, xml.etree.ElementTree as t; r = t.parse(sys.argv[1]).getroot(); print(r.tag, len(r.findall('.//{*}rect')))",
      drawing,
    ]);
    assert.match(
      String(parsed.stdout),
      /^\{http:\/\/www\.w3\.org\/2000\/svg\}svg 7\n/,
      String(parsed.stderr),
    ); // three plots of two bars, and the ground
    const refused = runCli([...SWEEP, "--out", join(folder, "sweep.png")]);
    assert.deepEqual([refused.status, refused.stdout], [1, ""]);
    assert.match(
      refused.stderr,
      /sweep\.png: no result of a sweep has the ending \.png; end it with \.html, \.svg, /,
    );
  });

  it("finds a mistake in the last value before the first plan", () => {
    const { status, stdout, stderr } = runCli(["sweep", ...DEV, "--param", "workload.requestRate=1,x"]);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(
      stderr,
      /^--param workload\.requestRate=x: workload.*must be a number from 0\.0001 to 100000/,
    );
  });
});

describe("shardplan completion", function () {
  this.timeout(600_000);

  /** What bash offers after these words and a space. */
  const complete = (words: string) => {
    const script = `${runCli(["completion", "bash"]).stdout}
COMP_WORDS=(${words} ""); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _shardplan; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync("bash", ["-c", script], { cwd: ROOT, encoding: "utf8" });
    return stdout.trimEnd().split("\n");
  };

  it("completes commands, options, choices, stacks and config keys in bash", () => {
    assert.ok(complete("shardplan").includes("sweep"), 'not so: complete("shardplan").includes("sweep")');
    assert.ok(
      complete("shardplan plan").includes("--stack"),
      'not so: complete("shardplan plan").includes("--stack")',
    );
    assert.deepEqual(complete("shardplan plan --format"), ["terminal", "json", "md", "html"]);
    assert.deepEqual(complete("shardplan sweep --format"), ["table", "csv", "json", "plot", "html", "svg"]);
    assert.ok(
      complete("shardplan plan --stack").includes("dev"),
      'not so: complete("shardplan plan --stack").includes("dev")',
    );
    assert.ok(
      complete("shardplan plan --set").includes("slo.decode.p99Ms="),
      'not so: complete("shardplan plan --set").includes("slo.decode.p99Ms=")',
    );
    assert.ok(
      complete("shardplan config").includes("example"),
      'not so: complete("shardplan config").includes("example")',
    );
  });

  it("loads bash's completion in zsh", () => {
    assert.match(runCli(["completion", "zsh"]).stdout, /bashcompinit[\s\S]*complete -F _shardplan shardplan/);
  });

  it("has a line for fish of every command and option, with its quotes closed", () => {
    const lines = runCli(["completion", "fish"]).stdout.trimEnd().split("\n");
    for (const line of lines) assert.equal((line.match(/(?<!\\)'/g) ?? []).length % 2, 0, line);
    for (const { name, options } of COMMANDS) {
      assert.ok(
        lines.some((line) => line.includes(`-n __fish_use_subcommand -a ${name} -d '`)),
        name,
      );
      for (const option of options)
        assert.match(
          lines.filter((line) => line.includes(`'__fish_seen_subcommand_from ${name}'`)).join("\n"),
          new RegExp(` -l ${partsOf(option).long}( |$)`, "m"),
          `${name} ${option}`,
        );
    }
  });

  it("completes commands, choices, stacks and config keys in fish, where it is installed", function () {
    const script = runCli(["completion", "fish"]).stdout;
    const fish = (...args: string[]) => spawnSync("fish", args, { cwd: ROOT, encoding: "utf8" });
    if (fish("--version").status !== 0) return this.skip();
    const offered = (typed: string) => {
      const { stdout, stderr } = fish("--no-config", "-c", `${script}\ncomplete -C ${JSON.stringify(typed)}`);
      assert.equal(stderr, "");
      return stdout.split("\n").flatMap((line) => line.split("\t")[0] || []);
    };
    assert.deepEqual(offered("shardplan swe"), ["sweep"]);
    assert.deepEqual(offered("shardplan plan --format j"), ["json"]);
    assert.ok(offered("shardplan plan --stack ").includes("dev"), "stacks");
    assert.ok(offered("shardplan plan --set slo.dec").includes("slo.decode.p99Ms="), "keys");
    assert.deepEqual(offered("shardplan completion f"), ["fish"]);
  });
});
