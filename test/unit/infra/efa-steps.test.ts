import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const STEPS = join(__dirname, "../../../infra/steps");
const text = (name: string) => readFileSync(join(STEPS, name), "utf8");

/** A host's /sys and /opt, as far as EFA is in them. */
describe("the steps for EFA", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "shardplan-efa-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (path: string, content = "") => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), content);
  };

  /** Runs the step's own functions on the folder; its first answer after `before` has been run. */
  function run(step: string, parameters: Record<string, string | number>, before = "") {
    const assignments = Object.entries(parameters).map(([name, value]) => `${name}='${value}'`);
    const body = text(step)
      .replace(/^run_step .*$/m, "")
      .replace("INFINIBAND=/sys/class/infiniband", `INFINIBAND='${folder}/sys'`);
    const input = ["HOST_NAME=node-0", ...assignments, text("lib.sh"), body, before, "apply"].join("\n");
    const { stdout, stderr } = spawnSync("bash", ["-s"], { input, encoding: "utf8" });
    return { stdout, stderr };
  }

  const ready = (interfaces = 2) =>
    run("efa.sh", {
      EFA_INTERFACES: interfaces,
      LIBFABRIC: `${folder}/efa`,
      PLUGIN_FOLDERS: `${folder}/none ${folder}/ofi`,
    });

  it("take a host that has interfaces, libfabric and the plugin, and refuse all others by what they lack", () => {
    file("sys/rdmap79s0/ports/1/hw_counters/tx_bytes", "0");
    file("sys/mlx5_0/ports/1/hw_counters/tx_bytes", "0");
    assert.match(
      ready().stderr,
      /error: node-0: has 1 EFA interfaces of 2; a machine gets them when it starts/,
    );
    file("sys/efa_1/ports/1/hw_counters/tx_bytes", "0");
    assert.match(ready().stderr, /error: node-0: this image has no libfabric in .*; leave out aws\.amiId/);
    file("efa/libfabric.so.1");
    assert.match(ready().stderr, /error: node-0: this image has no NCCL plugin for EFA/);
    file("ofi/libnccl-net.so");
    assert.deepEqual(JSON.parse(ready().stdout), {
      changes: 0,
      interfaces: 2,
      plugin: `${folder}/ofi/libnccl-net.so`,
    });
  });

  it("prove that NCCL goes over EFA by counters that grow, and refuse those that stand still", () => {
    const counter = "sys/rdmap79s0/ports/1/hw_counters/tx_bytes";
    file(counter, "5000");
    const still = run("efa-traffic.sh", { SECONDS_ALLOWED: 1, STARTS: "1" });
    assert.match(
      still.stderr,
      /error: node-0: NCCL does not use EFA: its interfaces carried nothing for 1 s/,
    );
    const grow = `sleep() { echo 9000 >'${folder}/${counter}'; }`;
    assert.deepEqual(JSON.parse(run("efa-traffic.sh", { SECONDS_ALLOWED: 5, STARTS: "1" }, grow).stdout), {
      changes: 0,
      bytes: 4000,
    });
  });
});
