import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { QUICK, ROOT, runCli } from "./run-cli";

const FILES = join(ROOT, "test/unit/serving/line/files");

describe("shardplan check", function () {
  this.timeout(600_000);

  it("exits with 0 for a line that starts and 2 for one that does not, options behind the command included", () => {
    const starts = runCli(["check", "--", "vllm", "serve", "Qwen/Qwen3-8B", "--on", "p5.48xlarge"]);
    assert.equal(starts.status, 0, starts.stderr);
    assert.match(starts.stdout, /✓ It starts/);
    const fails = runCli(["check", "--on=1xL4", "--json", "--", "vllm", "serve", "Qwen/Qwen3-32B"]);
    assert.equal(fails.status, 2, fails.stderr);
    const { starts: does, refusals } = JSON.parse(fails.stdout);
    assert.equal(does, false);
    assert.match(refusals[0].message, /OutOfMemoryError/);
  });
  it("has the servers of an emitted file share the load, and does not advise against the plan's own line", () => {
    const model = [
      "--model",
      "meta-llama/Llama-3.1-8B-Instruct",
      "--set",
      "hardware.instanceType=g5.12xlarge",
    ];
    const plan = [...model, "--set", "workload.requestRate=2", ...QUICK];
    const folder = mkdtempSync(join(tmpdir(), "shardplan-emitted-"));
    for (const form of ["compose", "kubernetes"]) {
      const file = join(folder, `${form}.yaml`);
      assert.equal(runCli(["emit", form, ...plan, "--out", file]).status, 0);
      const { status, stdout } = runCli(["check", file, "--on", "g5.12xlarge", "--rate", "2", ...QUICK]);
      assert.equal(status, 0, stdout);
      assert.match(stdout, /2 such servers share the load/);
      assert.match(stdout, /gains nothing beyond the error/);
      assert.doesNotMatch(stdout, /goodput plan|--revision|does nothing/);
    }
    rmSync(folder, { recursive: true });
  });

  it("refuses a server for whose share of a GPU another one of the file has left no room, and GPUs that are not there", () => {
    const folder = mkdtempSync(join(tmpdir(), "shardplan-shared-"));
    const file = join(folder, "compose.yaml");
    const compose = (first: object, second: object, share = "0.9") => {
      const service = (device: object, ...flags: string[]) => ({
        image: "vllm/vllm-openai:v0.11.0",
        command: ["--model", "Qwen/Qwen3-8B", "--gpu-memory-utilization", share, ...flags],
        deploy: { resources: { reservations: { devices: [{ driver: "nvidia", ...device }] } } },
      });
      const services = { chat: service(first, "-tp", "2"), small: service(second) };
      writeFileSync(file, JSON.stringify({ services }));
      return runCli(["check", file, "--on", "4xH100", "--json"]);
    };
    const reasonsOf = ({ stdout }: { readonly stdout: string }): string[][] =>
      JSON.parse(stdout).map((each: { refusals: { reason: string }[] }) =>
        each.refusals.map(({ reason }) => reason),
      );
    const apart = compose({ device_ids: ["0", "1"] }, { device_ids: ["2"] });
    assert.deepEqual([apart.status, reasonsOf(apart)], [0, [[], []]]);
    for (const [first, second] of [
      [{ device_ids: ["0", "1"] }, { device_ids: ["1"] }],
      // Docker gives the first GPUs.
      [{ device_ids: ["0", "1"] }, { count: 1 }],
      [{ count: "all" }, { count: "all" }],
    ] as const) {
      const shared = compose(first, second);
      assert.equal(shared.status, 2, shared.stdout);
      const [chat, small] = reasonsOf(shared);
      assert.deepEqual(chat, []);
      assert.match(
        `${small}`,
        /^GPU [01] is also used by service chat \(0\.9\), and with its own 0\.9 more than/,
      );
    }
    assert.equal(compose({ count: 2 }, { count: 1 }, "0.45").status, 0);
    const none = compose({ device_ids: ["0", "1"] }, { device_ids: ["7"] });
    assert.equal(none.status, 2);
    assert.match(`${reasonsOf(none)[1]}`, /^It is given GPU 7, and 4xH100 has GPUs 0 to 3/);
    rmSync(folder, { recursive: true });
  });
  it("says what is missing in one line", () => {
    const said = (...args: string[]) => {
      const { status, stderr } = runCli(["check", ...args]);
      assert.equal(status, 1, stderr);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
      return stderr;
    };
    assert.match(said(), /no command and no file is given/);
    assert.match(said("--", "vllm", "serve", "Qwen/Qwen3-8B"), /add --on, as in/);
    assert.match(
      said("--on", "p5.49xlarge", "--", "vllm", "serve", "Qwen/Qwen3-8B"),
      /nearest are p5.48xlarge/,
    );
    assert.match(said("--on", "H100", "--", "vllm", "serve"), /names no model/);
    assert.match(said("nothing.yaml", "--on", "H100"), /no such file/);
    assert.match(
      said("--on", "H100", "--", "vllm", "serve", "nobody/knows-this"),
      /model.name|hub|catalogue/,
    );
  });

  describe("as a GitHub Action", () => {
    const folder = mkdtempSync(join(tmpdir(), "shardplan-action-"));
    after(() => rmSync(folder, { recursive: true }));
    const step = (env: Record<string, string>) =>
      spawnSync(join(ROOT, "scripts/check-action.sh"), {
        env: { ...process.env, NODE_OPTIONS: "", ...env },
        encoding: "utf8",
      });

    it("hands every input of action.yml on to its script", () => {
      const { inputs, runs } = parse(readFileSync(join(ROOT, "action.yml"), "utf8"));
      const { env, run } = runs.steps.at(-1);
      assert.deepEqual(
        Object.values(env),
        Object.keys(inputs).map((name) => `\${{ inputs.${name} }}`),
      );
      assert.match(run, /scripts\/check-action\.sh/);
    });
    it("checks files, writes the job's summary and fails with the code of check", () => {
      const [summary, output] = [join(folder, "summary"), join(folder, "output")];
      const { status, stdout } = step({
        FILES: `${join(FILES, "deploy.yaml")}\n${join(FILES, "compose.yaml")}\n`,
        ...{ ON: "1xL4", GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: output },
      });
      assert.equal(status, 2, stdout);
      assert.match(
        readFileSync(summary, "utf8"),
        /### shardplan check\n\n~~~text\n.*Deployment llama: .*service vllm: /s,
      );
      assert.equal(readFileSync(output, "utf8"), "exit-code=2\n");
    });
    it("checks a command with quotes, and runs none of it", () => {
      const { status, stdout } = step({
        COMMAND: "vllm serve Qwen/Qwen3-8B --served-model-name 'my $(touch gone) model'",
        ...{ ON: "1xH100", SET: "workload.requestRate=1\nworkload.simulatedRequests=100" },
      });
      assert.equal(status, 0, stdout);
      assert.match(stdout, /meets every target at 1 request\/s/);
    });
  });
});
