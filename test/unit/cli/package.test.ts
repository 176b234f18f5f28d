import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./run-cli";

/** What few commands need, in files of their own. */
const APART = ["render-html.cjs", "grafana-page.cjs"];

describe("the packed npm package", function () {
  this.timeout(120_000);
  let folder = "";
  let files: string[] = [];
  /** npm without what the npm that runs this test handed down. */
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("npm_") && name !== "NODE_OPTIONS"),
  );
  const npm = (args: string[], cwd: string) =>
    execFileSync("npm", args, { cwd, env, encoding: "utf8", stdio: "pipe" });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "shardplan-package-"));
    const [packed] = JSON.parse(npm(["pack", "--json", "--pack-destination", folder], ROOT)) as {
      filename: string;
      files: { path: string }[];
    }[];
    files = packed?.files.map(({ path }) => path) ?? [];
    mkdirSync(join(folder, "empty"));
    writeFileSync(join(folder, "empty/package.json"), '{ "private": true }');
    npm(
      ["install", "--offline", "--no-audit", "--no-fund", join(folder, packed?.filename ?? "")],
      join(folder, "empty"),
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("installs without a network and brings no other package, so none of Pulumi's can be loaded", () => {
    const installed = readdirSync(join(folder, "empty/node_modules")).filter((name) => !name.startsWith("."));
    assert.deepEqual(installed, ["shardplan"]);
  });

  it("holds the notices of what it carries: the kernel tables, and the packages in its bundles", () => {
    for (const file of ["LICENSE", "NOTICE", "dist/THIRD-PARTY-LICENSES.txt"])
      assert.ok(files.includes(file), `${file} is not among ${files.join(", ")}`);
    const installed = join(folder, "empty/node_modules/shardplan");
    const notice = readFileSync(join(installed, "NOTICE"), "utf8");
    for (const words of ["AIConfigurator", "Vidur", "Permission is hereby granted"])
      assert.ok(notice.includes(words), `NOTICE says nothing of "${words}"`);
    const licences = readFileSync(join(installed, "dist/THIRD-PARTY-LICENSES.txt"), "utf8");
    for (const name of [
      "commander",
      "zod",
      "yaml",
      "linkedom",
      "@observablehq/plot",
      "d3-array",
      "@grafana/grafana-foundation-sdk",
    ])
      assert.match(licences, new RegExp(`^${name}\n`, "m"));
  });

  it("asks for nothing but Node's own modules and its own files", () => {
    for (const file of ["shardplan.cjs", ...APART]) {
      const text = readFileSync(join(folder, "empty/node_modules/shardplan/dist", file), "utf8");
      const asked = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name ?? "");
      const foreign = asked.filter(
        (name) =>
          !builtinModules.includes(name.replace(/^node:/, "")) && !APART.includes(name.replace("./", "")),
      );
      // linkedom asks for its optional canvas within a try, and draws nothing without it.
      assert.deepEqual(
        [...new Set(foreign)].filter((name) => name !== "canvas"),
        [],
        file,
      );
    }
  });

  it("makes a page for Grafana with the builders that it carries", () => {
    const made = npm(
      ["exec", "--offline", "--", "shardplan", "dashboard", "promise", "--stack", "dev"],
      join(folder, "empty"),
    );
    assert.match((JSON.parse(made) as { title: string }).title, /^shardplan dev: is the promise kept$/);
  });

  it("plans with npx in an empty folder, with the stacks that come with it", () => {
    const args = [
      "--offline",
      "shardplan",
      "plan",
      "--stack",
      "dev",
      "--set",
      "workload.simulatedRequests=100",
    ];
    const cwd = join(folder, "empty");
    const plan = spawnSync("npx", [...args, "--json"], { cwd, env, encoding: "utf8", maxBuffer: 2 ** 26 });
    assert.equal(plan.status, 0, plan.stderr);
    assert.equal(JSON.parse(plan.stdout).strategy.tensorParallel, 1);
    assert.match(plan.stderr, /no stack files in this folder: using the dev stack that comes with shardplan/);
    const page = spawnSync("npx", [...args, "--out", "report.html"], { cwd, env, encoding: "utf8" });
    assert.equal(page.status, 0, page.stderr);
    assert.match(readFileSync(join(cwd, "report.html"), "utf8"), /<svg/);
  });

  it("reads the stack of the folder where there is one", () => {
    const cwd = join(folder, "mine");
    mkdirSync(cwd);
    writeFileSync(join(cwd, "Pulumi.mine.yaml"), "config:\n  shardplan:slo: { decode: { p99Ms: 42 } }\n");
    const bin = join(folder, "empty/node_modules/.bin/shardplan");
    const shown = spawnSync(bin, ["config", "show", "--stack", "mine"], { cwd, env, encoding: "utf8" });
    assert.equal(JSON.parse(shown.stdout).slo.decode.p99Ms, 42);
    const other = spawnSync(bin, ["config", "show", "--stack", "dev"], { cwd, env, encoding: "utf8" });
    assert.match(
      other.stderr,
      /^Pulumi\.dev\.yaml: no such file; stacks here: mine; choose one with --stack\n/,
    );
  });
});
