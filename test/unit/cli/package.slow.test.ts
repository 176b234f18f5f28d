import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { ROOT } from "./run-cli";

/** What few commands need, in files of their own. */
const APART = ["render-html.cjs", "grafana-page.cjs"];

const TSX = pathToFileURL(require.resolve("tsx")).href;

describe("the packed npm package", function () {
  this.timeout(600_000);
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
      "ssh2",
    ])
      assert.match(licences, new RegExp(`^${name}\n`, "m"));
  });

  it("asks for nothing but Node's own modules and its own files", () => {
    for (const file of ["shardplan.cjs", "index.cjs", "pulumi.cjs", ...APART]) {
      const text = readFileSync(join(folder, "empty/node_modules/shardplan/dist", file), "utf8");
      const asked = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name ?? "");
      const foreign = asked.filter(
        (name) =>
          !builtinModules.includes(name.replace(/^node:/, "")) &&
          !APART.includes(name.replace("./", "")) &&
          // Whose they are: the user's Pulumi, and parts of ssh2 that it does without.
          !(file === "pulumi.cjs" && /^@pulumi\/|sshcrypto\.node$|^cpu-features$/.test(name)),
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

  /** A program of somebody else's, typed by the package's own types alone. */
  const PROGRAM = `
import { type GivenHost, Service, ServiceOnHosts } from "shardplan/pulumi";
import { catalogue, check, emit, longestContext, maxRate, plan, recommend, renderReport, smallestGpu, UserError } from "shardplan";
import type { Deployment, EmitForm, LongestContext, Plan, SmallestGpu } from "shardplan";

const deployment = {
  model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
  hardware: { instanceType: "g6e.xlarge" },
  workload: { requestRate: 1, simulatedRequests: 100 },
} as const;
const made: Plan = plan(deployment, ["slo.decode.p99Ms=90"]);
const slo: Deployment["slo"]["decode"]["p99Ms"] = made.deployment.slo.decode.p99Ms;
const gpus: string[] = catalogue.gpus().map(({ name }) => name);
const line = check(["vllm", "serve", "Qwen/Qwen3-32B", "-tp", "2"], { on: "4xH100" });
const host: GivenHost = { address: "192.0.2.1", privateKey: "k", hostKey: "h" };
const brought = () => [Service, new ServiceOnHosts("s", { deployment, hosts: [host] }).endpoint];
// @ts-expect-error no such key
const wrong = () => plan({ modle: {} });
let refused = "";
try {
  catalogue.model("gpt-9");
} catch (error) {
  if (error instanceof UserError) refused = error.line;
}
const text = renderReport(made, "terminal", { color: false, width: 80 });
const found = async () => (await recommend({ model: { name: "Qwen/Qwen3-8B" } }, { cheapestOnly: true })).recommendations[0]?.nodes;
const rate: number = maxRate(deployment)?.requestRate ?? 0;
const longest = (): LongestContext => longestContext(deployment, ["workload.requestRate=0.1"]);
const smallest = (): Promise<SmallestGpu | undefined> => smallestGpu(deployment, { prices: { "g6e.xlarge": 0.9 } });
const forms: EmitForm[] = ["kubernetes", "compose", "script"];
const emitted = forms.filter((form) => emit(made, form).includes("--tensor-parallel-size")).length;
const title = text.split("\\n")[0];
const functions = [wrong, brought, found, longest, smallest].map((each) => typeof each).join(" ");
console.log(JSON.stringify({ slo, gpus: gpus.length, starts: line.starts, refused, title, functions, rate, emitted }));
`;

  /** Pulumi as a user of the components has it. */
  const withPulumi = (cwd: string) => {
    const link = join(cwd, "node_modules/@pulumi");
    if (!existsSync(link)) symlinkSync(join(ROOT, "node_modules/@pulumi"), link);
  };

  it("is a library with types of its own, for CommonJS and for modules", () => {
    const cwd = join(folder, "empty");
    withPulumi(cwd);
    const settings = { strict: true, noEmit: true, module: "nodenext", types: ["node"], skipLibCheck: false };
    writeFileSync(
      join(cwd, "tsconfig.json"),
      JSON.stringify({ compilerOptions: settings, files: ["use.mts"] }),
    );
    writeFileSync(join(cwd, "use.mts"), PROGRAM);
    // Node's own types are the only ones it may lean on.
    const types = ["--typeRoots", join(ROOT, "node_modules/@types")];
    const checked = spawnSync(join(ROOT, "node_modules/.bin/tsc"), types, { cwd, env, encoding: "utf8" });
    assert.equal(checked.stdout, "");
    const ran = spawnSync(process.execPath, ["--import", TSX, "use.mts"], { cwd, env, encoding: "utf8" });
    assert.equal(ran.stderr, "");
    const { refused, gpus, rate, ...rest } = JSON.parse(ran.stdout);
    assert.match(refused, /^model\.name: no model "gpt-9" in the catalogue, nearest are /);
    assert.ok(gpus > 20, `${gpus} GPUs`);
    assert.ok(rate > 1, `${rate} requests/s`);
    const title = "meta-llama/Llama-3.1-8B-Instruct on 1 x g6e.xlarge";
    const functions = "function function function function function";
    assert.deepEqual(rest, { slo: 90, starts: true, title, functions, emitted: 3 });
    const required = spawnSync(process.execPath, ["-p", "typeof require('shardplan').plan"], { cwd, env });
    assert.equal(String(required.stdout), "function\n");
  });

  it("has components that make what the plan says, with the scripts that they bring", () => {
    const cwd = join(folder, "empty");
    withPulumi(cwd);
    const program = `
const pulumi = require("@pulumi/pulumi");
const made = [];
const newResource = ({ type, name, inputs }) => (made.push([type, name, inputs]), { id: name, state: inputs });
pulumi.runtime.setMocks({ newResource, call: () => ({}) }, "project", "stack", true);
const { ServiceOnHosts } = require("shardplan/pulumi");
const model = { name: "Qwen/Qwen3-8B" };
const hardware = { instanceType: "custom", gpu: "L40S", gpusPerNode: 1 };
new ServiceOnHosts("qwen", {
  deployment: { model, hardware, workload: { requestRate: 1, simulatedRequests: 100 } },
  hosts: [{ address: "127.0.0.1", port: 9, privateKey: "none", hostKey: "ssh-ed25519 ${"A".repeat(68)}" }],
});
const look = () => {
  const step = made.find(([type, name]) => type === "command:remote:Command" && name === "qwen-node-0-facts");
  if (step === undefined) return setTimeout(look, 50);
  console.log(JSON.stringify({ types: made.map(([type]) => type), stdin: JSON.stringify(step[2].stdin) }));
  process.exit();
};
look();`;
    const ran = spawnSync(process.execPath, ["-e", program], {
      cwd,
      env,
      encoding: "utf8",
      timeout: 300_000,
    });
    assert.equal(ran.stderr, "");
    const { types, stdin } = JSON.parse(ran.stdout);
    assert.ok(types.includes("shardplan:index:ServiceOnHosts"), types.join(" "));
    assert.match(stdin, /run_step host-facts/);
  });

  it("brings the schemas of a stack file and of a plan", () => {
    const installed = join(folder, "empty/node_modules/shardplan");
    const schema = JSON.parse(readFileSync(join(installed, "schema/plan.schema.json"), "utf8"));
    const plan = z.fromJSONSchema(schema);
    const stored = JSON.parse(readFileSync(join(ROOT, "test/golden/report/prod.json"), "utf8"));
    assert.deepEqual(plan.safeParse(stored).error?.issues ?? [], []);
    assert.deepEqual(
      Object.keys(stored).filter((key) => !(key in schema.properties)),
      [],
    );
    assert.equal(plan.safeParse({ ...stored, strategy: { tensorParallel: "8" } }).success, false);
    assert.ok(files.includes("schema/deployment.schema.json"), "the deployment's schema is packed");
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
