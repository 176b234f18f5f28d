import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { leftOnHosts } from "../../rehearsal/left-on-host";
import { destroyStack, upStack } from "../../rehearsal/run-stack";
import { newSshKeyPair } from "../../rehearsal/ssh-key-pair";
import { deployedSteps, registeredTypes, rerun } from "./deployed-steps";
import { needsRoot, openTestHost, type TestHost } from "./local-host";

const silent = { progress: () => {} };
const BROKEN_MODEL = "/var/lib/broken-model";

/**
 * One life of a stack on one real host, each test a step of it: first everything that can be wrong, one thing after
 * another, each with its message; then the same stack goes up, stays as it is, and goes away without a trace.
 */
describe("a stack on a real host", function () {
  this.timeout(15 * 60_000);
  let host: TestHost;
  let stack: Stack;

  before(async function () {
    needsRoot(this);
    host = await openTestHost();
  });
  after(() => host?.close());

  it("names a host that does not answer, and registers nothing", async () => {
    // .99 is no host of this network.
    const address = `${host.hosts.network.prefix}.99`;
    const said = await host.failureOf({}, { ...host.config, address });
    assert.match(
      said,
      new RegExp(`^hosts\\[0\\] \\(${address}\\): no SSH answer on port 22 .*; check address`),
    );
    // The stack itself is there, and nothing below it.
    const registered = await registeredTypes(await host.stack());
    assert.deepEqual(
      registered.filter((type) => type !== "pulumi:pulumi:Stack"),
      [],
    );
  });

  it("names a key that the host refuses", async () => {
    const privateKeyPath = join(host.hosts.folder, "strange_key");
    await writeFile(privateKeyPath, newSshKeyPair().private, { mode: 0o600 });
    const said = await host.failureOf({}, { ...host.config, privateKeyPath });
    assert.match(said, /^hosts\[0\] .*: refuses the SSH key for user deploy; put its public half/);
  });

  it("refuses a host whose key has changed", async () => {
    const hostKey = newSshKeyPair().public;
    const said = await host.failureOf({}, { ...host.config, hostKey });
    assert.match(said, /^hosts\[0\] .*: the host key has changed: hostKey pins .*, the host shows /);
  });

  it("counts a host's GPUs and says how many are missing", async () => {
    const said = await host.failureOf({ "shardplan:hardware": { gpu: "H100-SXM-80GB" } });
    assert.match(said, /hosts\[0\] .*: has 0 NVIDIA GPUs, the plan needs 2; use a host with 2 GPUs/);
  });

  it("names the process that holds a port, and the key that moves it", async () => {
    await host.run("systemd-run --quiet --unit=squatter python3 -m http.server 443; sleep 2");
    const said = await host.failureOf({});
    await host.run("systemctl stop squatter");
    assert.match(said, /port 443 is in use by python3 .*; stop that process, or set shardplan:gateway\.port/);
  });

  it("shows why vLLM dies while it loads", async () => {
    // The weights have their size, but not their content: the header's length (8 bytes) is gone.
    await host.run(`cp -r /opt/rehearsal/model ${BROKEN_MODEL}
      dd if=/dev/zero of=${BROKEN_MODEL}/model.safetensors bs=8 count=1 conv=notrunc status=none`);
    const said = await host.failureOf({ "shardplan:model": { location: BROKEN_MODEL } });
    assert.match(said, /hosts\[0\] .*: vLLM died while it was starting: .*Safetensor.*; remove the cause/);
    // Stopped, so that it does not load again and again.
    assert.equal(await host.run("systemctl is-active shardplan-vllm || true"), "inactive");
  });

  it("goes up once the cause is removed, and ends with a completion from vLLM", async () => {
    stack = await host.stack();
    const { outputs } = await upStack(stack, silent);
    const completion = outputs.completion?.value as { completionTokens: number; version: string };
    // The prompt asks for 100 tokens, and random weights seldom end before.
    assert.ok(completion.completionTokens > 0);
    assert.equal(completion.version, "0.32.0");
    assert.equal(outputs.endpoint?.value, `https://${host.host.address}`);
  });

  it("runs each step a second time without changing anything", async () => {
    const steps = await deployedSteps(stack);
    assert.deepEqual(steps.map(({ step }) => step).sort(), [
      "base-packages",
      "driver",
      "gateway",
      "host-facts",
      "python-environment",
      "ray",
      "verify",
      "vllm",
      "weights",
    ]);
    const before = await host.run(SERVICES);
    const changes: Record<string, number> = {};
    for (const deployed of steps) changes[deployed.step] = (await rerun(host, deployed)).changes;
    assert.deepEqual(changes, Object.fromEntries(steps.map(({ step }) => [step, 0])));
    assert.equal(await host.run(SERVICES), before);
  });

  it("goes up a second time without changing anything", async () => {
    const { summary } = await upStack(stack, silent);
    assert.deepEqual(Object.keys(summary.resourceChanges ?? {}), ["same"]);
  });

  it("goes away and leaves nothing on the host", async () => {
    await destroyStack(stack, silent);
    assert.deepEqual(await registeredTypes(stack), []);
    assert.deepEqual(await leftOnHosts(host.hosts), []);
  });
});

/** Every service of ours with its process and start time: a restart changes both. */
const SERVICES =
  "systemctl show 'shardplan-*.service' --property=Id,MainPID,ExecMainStartTimestamp,ActiveState --no-pager";
