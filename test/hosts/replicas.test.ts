import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { OutputMap, Stack } from "@pulumi/pulumi/automation";
import { eavesdrop } from "../../rehearsal/hosts/eavesdrop";
import { untilBooted } from "../../rehearsal/hosts/local-hosts";
import { scanHost } from "../../rehearsal/hosts/scan-host";
import { FAULTS } from "../../rehearsal/kept";
import { leftOnHosts } from "../../rehearsal/left-on-host";
import { ENVIRONMENT_PATH } from "../../rehearsal/python-environment";
import { TWO_REPLICAS } from "../../rehearsal/rehearsal-stack";
import { destroyStack, upStack } from "../../rehearsal/run-stack";
import { startLoad } from "./client-load";
import { deployedSteps, rerun } from "./deployed-steps";
import { needsRoot, openTestHost, type TestHost } from "./local-host";

const silent = { progress: process.env.SHARDPLAN_TALK ? console.log : () => {} };
const CLIENTS = 6;

const RELEASES = "/opt/releases";

/** What the hosts' own release has, and the next one says of itself. */
const VERSIONS = { own: "0.32.0", next: "0.32.1" } as const;

/**
 * Other releases beside the hosts' own: of one vLLM does not start, the other is of the next version, by its name at least.
 * Everything but that is the own one's, file by file.
 */
const MAKE_RELEASES = `set -e
  own=$(echo ${ENVIRONMENT_PATH}/lib/python3*/site-packages)
  for name in next broken; do
    release=${RELEASES}/$name
    site=$release/\${own#${ENVIRONMENT_PATH}/}
    mkdir -p $release/bin $site
    cp -P ${ENVIRONMENT_PATH}/bin/python* $release/bin/
    cp ${ENVIRONMENT_PATH}/pyvenv.cfg $release/
    ln -s $own/* $site/
    for program in ray vllm; do
      sed "1s#.*#\\#!$release/bin/python#" ${ENVIRONMENT_PATH}/bin/$program >$release/bin/$program
      chmod 755 $release/bin/$program
    done
  done
  printf '#!/bin/sh\necho "ImportError: libcudart.so.99 is missing" >&2\nexit 1\n' >${RELEASES}/broken/bin/vllm
  site=${RELEASES}/next/\${own#${ENVIRONMENT_PATH}/}
  rm $site/vllm $site/vllm-*.dist-info
  mkdir $site/vllm $site/vllm-${VERSIONS.next}.dist-info
  ln -s $own/vllm/* $site/vllm/
  rm $site/vllm/_version.py
  sed 's/${VERSIONS.own}/${VERSIONS.next}/' $own/vllm/_version.py >$site/vllm/_version.py
  for file in METADATA RECORD; do
    sed 's/${VERSIONS.own}/${VERSIONS.next}/' $own/vllm-*.dist-info/$file >$site/vllm-${VERSIONS.next}.dist-info/$file
  done`;

/** All at once: another flag, another version, a gateway on each host. */
const CHANGED = {
  ...TWO_REPLICAS,
  "shardplan:serving": {
    ...{ maxNumSeqs: 7, vllmVersion: VERSIONS.next },
    packageLocation: `${RELEASES}/next`,
  },
  "shardplan:gateway": { on: "all" },
};

const FRESH_KEY = `sk-${randomBytes(16).toString("hex")}`;

/** Secrets of the stack as its config has them. */
const secrets = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`shardplan:${name}`, { value, secret: true }]),
  );

/** One life of a stack of two replicas on two hosts, each test a step of it. */
describe("replicas on two hosts", function () {
  this.timeout(15 * 60_000);
  let host: TestHost;
  let stack: Stack;
  let outputs: OutputMap;
  let key: string;

  before(async function () {
    needsRoot(this);
    host = await openTestHost(2);
  });
  after(() => host?.close());

  /** What the gateway of a host, the first unless told, says of its servers, such as `UP`. */
  const statuses = async (at = 0) =>
    (
      await host.run(
        "curl -s --unix-socket /run/shardplan-gateway/status 'http://localhost/;csv' | awk -F, '$1 == \"engines\" && $2 ~ /^server/ {print $18}'",
        at,
      )
    ).split("\n");

  async function until(wanted: readonly string[], limitSeconds: number, at = 0): Promise<void> {
    const deadline = Date.now() + limitSeconds * 1000;
    for (;;) {
      const now = await statuses(at);
      if (String(now) === String(wanted)) return;
      if (Date.now() > deadline) assert.deepEqual(now, wanted);
      await sleep(1000);
    }
  }

  /** The gateway asks every second; the watchdog, whose word `up` goes by, more seldom. */
  async function untilAnswering(): Promise<void> {
    for (const [at] of host.hosts.hosts.entries()) {
      await host.run(
        "timeout 60 sh -c 'until ls /run/shardplan-watchdog/ready* >/dev/null 2>&1; do sleep 1; done'",
        at,
      );
    }
  }

  /** Clients of a host's gateway, the first's unless told, who show the key of the day. */
  const load = (streamed: boolean, at = 0) =>
    startLoad(outputs, { key: () => key, clients: CLIENTS, streamed, at });

  /** What systemd calls the present start of a unit on each host. */
  const starts = (unit: string) =>
    Promise.all([0, 1].map((at) => host.run(`systemctl show -p InvocationID --value ${unit}`, at)));

  it("are servers of their own, of which strangers reach none", async () => {
    stack = await host.stack(TWO_REPLICAS);
    outputs = (await upStack(stack, silent)).outputs;
    key = await host.run("cat /etc/shardplan/secrets/api-key");
    assert.deepEqual(await statuses(), ["UP", "UP"]);
    const scans = await Promise.all(host.hosts.hosts.map((one) => scanHost(host.hosts, one)));
    assert.deepEqual(
      scans.map(({ open }) => open),
      [[22, 443], [22]],
    );
  });

  it("hand out nothing to a user without a key on the other host", async () => {
    const clients = load(true);
    await clients.more(5);
    const [one, two] = host.hosts.hosts;
    assert.ok(one && two, "two hosts");
    const heard = await Promise.all([eavesdrop(host.hosts, one, two), eavesdrop(host.hosts, two, one)]);
    assert.deepEqual((await clients.stop()).lost, []);
    assert.deepEqual(heard.flat(), []);
  });

  it("lose no request that has not begun when the engine of one is killed, and it comes back", async () => {
    const clients = load(false);
    await clients.more(50);
    await host.run("pkill -KILL -f '^VLLM::EngineCore'", 1);
    await until(["UP", "DOWN"], 30);
    await clients.more(150);
    await until(["UP", "UP"], 240);
    assert.deepEqual((await clients.stop()).lost, []);
  });

  it("lose none either when one is stopped, which its health page does not notice", async () => {
    const clients = load(false);
    await clients.more(50);
    await host.run("pkill -STOP -f '^VLLM::EngineCore'");
    await until(["DOWN", "UP"], 60);
    // The watchdog kills it, and what waited there is answered by the other one.
    await until(["UP", "UP"], 300);
    assert.deepEqual((await clients.stop()).lost, []);
  });

  it("go back by themselves when a release does not serve, one of them only, and lose no request", async () => {
    await untilAnswering();
    for (const at of [0, 1]) await host.run(MAKE_RELEASES, at);
    const [, second] = await starts("shardplan-vllm");
    const clients = load(true);
    await clients.more(20);
    const said = await host.failureOf({
      ...TWO_REPLICAS,
      "shardplan:serving": { packageLocation: `${RELEASES}/broken` },
    });
    assert.match(
      said,
      /hosts\[0\] .*: vLLM died while it was starting: ImportError: libcudart.*; the service runs on with the previous version and flags; remove the cause/,
    );
    const units = await host.run("cat /etc/systemd/system/shardplan-{vllm,ray-head}.service");
    assert.match(units, new RegExp(`^ExecStart=${ENVIRONMENT_PATH}/bin/vllm `, "m"));
    assert.doesNotMatch(units, /releases\/broken/);
    assert.equal((await starts("shardplan-vllm"))[1], second);
    // Nobody takes the first one back into the gateway but its own watch.
    await until(["UP", "UP"], 120);
    assert.deepEqual((await clients.stop()).lost, []);
  });

  it("change flag, version, keys and gateways one after the other, without a request lost of a thousand, streams included", async () => {
    await untilAnswering();
    const before = await deployedSteps(stack);
    const clients = load(true);
    await clients.more(20);
    stack = await host.stack(CHANGED);
    await stack.setAllConfig(secrets({ apiKey: FRESH_KEY, "apiKeys.old": key }), true);
    outputs = (await upStack(stack, silent)).outputs;
    const after = await deployedSteps(stack);
    await clients.more(Math.max(0, 800 - clients.answered()));
    // Two servers, each taken out of both gateways and back, and the proofs.
    const inputs = new Map(before.map(({ name, stdin }) => [name, stdin]));
    const changed = after.filter(({ name, stdin }) => stdin !== inputs.get(name)).map(({ name }) => name);
    assert.deepEqual(
      changed.filter((name) => /-(drained|ray|vllm|balanced|verify)/.test(name)).sort(),
      [0, 1]
        .flatMap((node) => [
          ...["balanced-0", "balanced-1", "drained-0", "drained-1"].map((step) => `node-${node}-${step}`),
          ...["ray", "verify", "vllm"].map((step) => `node-${node}-${step}`),
        ])
        .sort(),
    );
    const flags = await Promise.all(
      [0, 1].map((at) =>
        host.run("tr '\\0' ' ' </proc/$(systemctl show -p MainPID --value shardplan-vllm)/cmdline", at),
      ),
    );
    for (const one of flags) assert.match(one, /^\/opt\/releases\/next\/.*--max-num-seqs 7 /);
    assert.match(JSON.stringify(outputs.completion?.value), new RegExp(`"version":"${VERSIONS.next}"`));

    // Whoever has the new key by now no longer needs the old one, which goes without a restart.
    const started = await Promise.all(["shardplan-vllm", "shardplan-gateway"].map(starts));
    key = FRESH_KEY;
    await clients.more(2 * CLIENTS);
    stack = await host.stack(CHANGED);
    await stack.setAllConfig(secrets({ apiKey: FRESH_KEY }), true);
    await upStack(stack, silent);
    await clients.more(Math.max(0, 1000 - clients.answered()));
    const { answered, lost } = await clients.stop();
    assert.deepEqual(lost, []);
    assert.ok(answered >= 1000, `answered: ${answered}`);
    assert.deepEqual(await Promise.all(["shardplan-vllm", "shardplan-gateway"].map(starts)), started);
    for (const at of [0, 1])
      assert.doesNotMatch(await host.run("cat /etc/shardplan/gateway/keys.map", at), / old$/m);
  });

  it("serve on through the other gateway while the second host reboots in the middle of a change, which the next up completes", async () => {
    const second = host.hosts.hosts[1];
    assert.ok(second, "two hosts");
    await untilAnswering();
    const clients = load(false);
    await clients.more(20);
    stack = await host.stack({
      ...CHANGED,
      "shardplan:serving": { ...CHANGED["shardplan:serving"], maxNumSeqs: 6 },
    });
    await stack.setAllConfig(secrets({ apiKey: FRESH_KEY }), true);
    const booted = await untilBooted(host.hosts, second);
    let rebooting: Promise<string> | undefined;
    const progress = (line: string) => {
      if (/hosts\[1\].*started shardplan-vllm/.test(line)) rebooting ??= host.run(FAULTS.reboot.script, 1);
    };
    await assert.rejects(upStack(stack, { progress }), /node-1-vllm|exited without exit status/);
    assert.ok(rebooting, "the second host was in the middle of its change");
    await untilBooted(host.hosts, second, booted);
    await clients.more(20);
    await upStack(stack, silent);
    await until(["UP", "UP"], 120);
    assert.deepEqual((await clients.stop()).lost, []);
    await until(["UP", "UP"], 60, 1);
    const others = load(true, 1);
    await others.more(20);
    assert.deepEqual((await others.stop()).lost, []);
    const { summary } = await upStack(stack, silent);
    assert.deepEqual(Object.keys(summary.resourceChanges ?? {}), ["same"]);
  });

  it("change nothing when their steps run a second time", async () => {
    const first = await deployedSteps(stack);
    const onFirst = first.filter(({ name }) => /^node-0-(balanced|gateway|verify)/.test(name));
    assert.equal(onFirst.length, 4);
    for (const deployed of onFirst) assert.equal((await rerun(host, deployed)).changes, 0, deployed.step);
    const { summary } = await upStack(stack, silent);
    assert.deepEqual(Object.keys(summary.resourceChanges ?? {}), ["same"]);
  });

  it("go away and leave nothing on the hosts", async () => {
    await destroyStack(stack, silent);
    assert.deepEqual(await leftOnHosts(host.hosts), []);
  });
});
