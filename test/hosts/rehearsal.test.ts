import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { cacheFolder } from "../../rehearsal/cache";
import { hostsLeftBehind } from "../../rehearsal/hosts/local-hosts";
import { runProgram } from "../../rehearsal/run-program";
import { needsRoot } from "./local-host";

const CHECKOUT = resolve(__dirname, "../..");

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A rehearsal with everything in the cache takes 2 to 4 minutes, one that has to fill it about 15. */
const LIMIT_MINUTES = 20;

/**
 * `npm run rehearse -- ARGS`, as a process of its own; `whenSays` hears every chunk of its progress. One that takes too
 * long is interrupted, so that it cleans up, and the test fails with what it said until then.
 */
async function rehearse(args: string[], whenSays: (said: string, child: ChildProcess) => void = () => {}) {
  const program = ["--import", "tsx", join("rehearsal", "main.ts"), ...args];
  const child = spawn(process.execPath, program, { cwd: CHECKOUT, stdio: ["ignore", "pipe", "pipe"] });
  child.stderr.on("data", (chunk: Buffer) => whenSays(chunk.toString(), child));
  const limits = [
    setTimeout(() => child.kill("SIGINT"), LIMIT_MINUTES * 60_000),
    setTimeout(() => child.kill("SIGKILL"), (LIMIT_MINUTES + 2) * 60_000),
  ];
  const code = new Promise<number | null>((done) => child.on("close", done));
  const [stdout, stderr] = await Promise.all([heard(child.stdout), heard(child.stderr)]);
  for (const limit of limits) clearTimeout(limit);
  return { code: await code, stdout, stderr } satisfies Ended;
}

/** All of a stream; what came is lost when the test itself closes it. */
const heard = (stream: Readable): Promise<string> => text(stream).catch(() => "");

/** Bridges, mounts, containers, cgroups and folders of local hosts on this machine. */
async function traces(): Promise<string[]> {
  const links = await runProgram("ip", ["-brief", "link"]);
  const mounts = await readFile("/proc/self/mounts", "utf8");
  const processes = await runProgram("ps", ["-eo", "args"]);
  const lines = [links, mounts, processes].flatMap((listing) => listing.split("\n"));
  const runs = await readdir(join(cacheFolder(), "runs")).catch(() => []);
  const groups = await runProgram("find", ["/sys/fs/cgroup", "-maxdepth", "2", "-name", "shardplan*"]);
  const own = lines.filter((line) => /(^|-)shardplan\d+|systemd-nspawn .*shardplan/.test(line));
  return [...own, ...groups.split("\n").filter(Boolean), ...runs];
}

function answers(address: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: address, port: 443, timeout: 5000 });
    socket.once("connect", () => done(true));
    for (const event of ["error", "timeout"]) socket.once(event, () => done(false));
    socket.once("connect", () => socket.destroy());
  });
}

describe("npm run rehearse", function () {
  this.timeout((LIMIT_MINUTES + 5) * 60_000);

  before(async function () {
    needsRoot(this);
    // What a run that was killed left behind would be taken for a trace of these.
    assert.equal((await rehearse(["destroy"])).code, 0);
  });

  it("leaves nothing behind when it is interrupted", async () => {
    const before = await traces();
    let interrupted = false;
    const { code, stderr } = await rehearse([], (said, child) => {
      if (interrupted || !said.includes("started shardplan-vllm.service")) return;
      interrupted = true;
      child.kill("SIGINT");
    });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /interrupted: cleaning up/);
    // vLLM takes a minute or more to load; its step would end after that.
    assert.doesNotMatch(stderr, /^ {2}\+ \S+-(vllm|verify) \(/m, "somebody waited for vLLM to load");
    assert.deepEqual(await traces(), before);
  });

  it("leaves nothing behind when nobody reads what it says any more", async () => {
    const before = await traces();
    const { code } = await rehearse([], (said, child) => {
      if (!/\] up: /.test(said)) return;
      child.stdout?.destroy();
      child.stderr?.destroy();
    });
    assert.equal(code, 1);
    assert.deepEqual(await traces(), before);
  });

  it("ends on one host with a completion, keeps all with --keep, and there it is changed, harmed and removed", async () => {
    const before = await traces();
    const { code, stdout, stderr } = await rehearse(["--keep"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^up +\d+\.\d s {2}the program in Pulumi's engine/m);
    assert.match(stdout, /"tensorParallel": 2/);
    assert.match(stdout, /^Completion: ".+"$/m);
    assert.match(stderr, /load test: as planned \(30 requests .*, 0 failed\)/);
    const curl = stdout.slice(stdout.indexOf("  key=$("));
    const answer = await runProgram("bash", ["-c", curl.slice(0, curl.indexOf("}'") + 2)]);
    assert.match(answer, /"completion_tokens":8/);
    const kept = await hostsLeftBehind();
    const address = kept[0]?.hosts[0]?.address ?? "";
    assert.ok(await answers(address), `the gateway at ${address} is gone`);

    assert.match((await rehearse(["status"])).stdout, /shardplan-vllm\.service running/);
    assert.equal((await rehearse(["break", "drift"])).code, 0);
    const repaired = await rehearse(["up"]);
    assert.equal(repaired.code, 0, repaired.stderr);
    assert.match(repaired.stderr, /shardplan-vllm\.service was edited/);

    const again = await rehearse(["up"]);
    assert.match(again.stdout, /The stack is up: \d+ same\./, again.stderr);

    assert.equal((await rehearse(["destroy"])).code, 0);
    assert.deepEqual(await traces(), before);
  });

  it("spreads the ranks over two hosts, and leaves nothing behind", async () => {
    const before = await traces();
    const { code, stdout, stderr } = await rehearse(["--hosts", "2"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /2\.0 GPUs, 2 nodes/);
    assert.match(stderr, /ranks by host: 1, 1/);
    assert.match(stdout, /^destroy +\d+\.\d s/m);
    assert.match(stdout, /^Completion: ".+"$/m);
    assert.deepEqual(await traces(), before);
  });

  it("says that nothing was kept", async () => {
    const { code, stderr } = await rehearse(["status"]);
    assert.deepEqual([code, stderr], [1, "rehearse: no rehearsal was kept; npm run rehearse -- --keep\n"]);
  });

  it("refuses a number of hosts that it does not know", async () => {
    const { code, stderr } = await rehearse(["--hosts", "3"]);
    assert.equal(code, 1);
    assert.match(stderr, /argument '3' is invalid\. Allowed choices are 1, 2/);
  });
});
