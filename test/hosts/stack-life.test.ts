import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "@pulumi/pulumi/automation";
import { FROM_BUCKET, PUT_BUCKET } from "../../rehearsal/bucket";
import { clientCompletion } from "../../rehearsal/expectations";
import { untilBooted } from "../../rehearsal/hosts/local-hosts";
import { scanHost } from "../../rehearsal/hosts/scan-host";
import { FAULTS } from "../../rehearsal/kept";
import { leftOnHosts } from "../../rehearsal/left-on-host";
import { destroyStack, upStack } from "../../rehearsal/run-stack";
import { newSshKeyPair } from "../../rehearsal/ssh-key-pair";
import { differences, endState } from "../../rehearsal/torture/end-state";
import { type Canaries, findInFolder, findOnHost, namesIn, watchCommandLines } from "./canaries";
import { deployedSteps, registeredTypes, rerun } from "./deployed-steps";
import { hubStandIn } from "./hub-stand-in";
import { needsRoot, openTestHost, type TestHost } from "./local-host";

const silent = { progress: () => {} };
const canary = (prefix: string) => `${prefix}canary${randomBytes(16).toString("hex")}`;
const KEYS = {
  "the API key": canary("sk-"),
  "a further API key": canary("sk-"),
  "the hub's token": canary("hf_"),
};
const BROKEN_MODEL = "/var/lib/broken-model";
const WEIGHTS = "/var/lib/shardplan/models/*";

/** Files that the steps write, but for the marks of their runs, and what the host itself makes: another one would do. */
const OWN_FILES = `find /etc /usr/local -xdev -type f -path '*shardplan*' ! -path '/etc/shardplan/marks/*'
    ! -path '*/authority/*' ! -name 'certificate.p*'`.replace(/\n\s+/, " ");
/** What hands do to a host, everywhere at once. */
const HARMS = {
  edited: `${OWN_FILES} | while read -r file; do echo '# edited by hand' >>"$file"; done`,
  "deleted, stopped or disabled": `systemctl list-unit-files --plain --no-legend 'shardplan-*' | awk '{print $1}' |
    xargs -r systemctl disable --now
    ${OWN_FILES} -delete
    rm -r /etc/shardplan/secrets/authority /etc/shardplan/gateway/certificate.pem`,
} as const;

/**
 * One life of a stack on one real host, each test a step of it: first everything that can be wrong, one thing after
 * another, each with its message; then the same stack goes up, stays as it is, and goes away without a trace.
 */
describe("a stack on a real host", function () {
  this.timeout(15 * 60_000);
  let host: TestHost;
  let stack: Stack;
  /** What the engine said of a whole `up`. */
  let said = "";

  before(async function () {
    needsRoot(this);
    const secret = (name: keyof typeof KEYS) => ({ value: KEYS[name], secret: true });
    host = await openTestHost(1, {
      "shardplan:apiKey": secret("the API key"),
      "shardplan:apiKeys.alice": secret("a further API key"),
      "shardplan:huggingFaceToken": secret("the hub's token"),
    });
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

  it("names a user whose sudo asks for a password", async () => {
    await host.run("useradd --create-home --shell /bin/bash mortal");
    const said = await host.failureOf({}, { ...host.config, user: "mortal" });
    assert.match(said, /^hosts\[0\] .*: the SSH user is not root and sudo did not help; use root, or allow/);
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

  for (const [status, what] of [
    [401, "does not know the token"],
    [403, "has not let the token's account in"],
  ] as const) {
    it(`says what to do when the hub ${what}`, async () => {
      // Stands for the hub: answers whatever is asked with the status, and notes what token it was shown.
      await host.run(`cat >/root/hub.py <<'HUB'
from http.server import BaseHTTPRequestHandler, HTTPServer
class Hub(BaseHTTPRequestHandler):
    def do_GET(self):
        open("/root/shown", "w").write(self.headers.get("Authorization", ""))
        self.send_response(${status})
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_HEAD = do_GET
HTTPServer(("127.0.0.1", 8099), Hub).serve_forever()
HUB
        systemd-run --quiet --unit=hub python3 /root/hub.py
        systemctl set-environment HF_ENDPOINT=http://127.0.0.1:8099; sleep 1`);
      const said = await host.failureOf({ "shardplan:model": { source: "hub", location: undefined } });
      assert.equal(await host.run("cat /root/shown; rm -f /root/shown"), `Bearer ${KEYS["the hub's token"]}`);
      await host.run("systemctl stop hub; systemctl unset-environment HF_ENDPOINT; rm /root/hub.py");
      assert.match(
        said,
        /^hosts\[0\] .*: could not download rehearsal\/tiny-llama@main; accept the model's licence .* set its token: pulumi config set --secret shardplan:huggingFaceToken$/,
      );
    });
  }

  /** A hub with the files of a folder of the host; returns the section that takes the weights from it. */
  async function startHub(folder: string, damaged?: string) {
    const hub = { folder, token: KEYS["the hub's token"], port: 8099, ...(damaged ? { damaged } : {}) };
    await host.run(`systemctl stop hub 2>/dev/null || true
      cat >/root/hub.py <<'HUB'
${hubStandIn(hub)}HUB
      systemd-run --quiet --unit=hub python3 /root/hub.py; sleep 1`);
    return { source: "hub", location: undefined, hubEndpoint: `http://127.0.0.1:${hub.port}` };
  }

  it("refuses weights that do not have the hub's checksums, and names the file", async () => {
    const model = await startHub("/opt/rehearsal/model", "model.safetensors");
    const lines: string[] = [];
    stack = await host.stack({ "shardplan:model": model });
    await assert.rejects(
      upStack(stack, { progress: (line) => lines.push(line) }),
      /hosts\[0\] .*: what was downloaded of rehearsal\/tiny-llama@main does not have the hub's checksums; see the lines above; remove the files that differ from \/var\/lib\/shardplan\/models\/.* and run pulumi up again/,
    );
    assert.match(lines.join("\n"), /model\.safetensors: expected [0-9a-f]{64} \(sha256\), got [0-9a-f]{64}/);
    await host.run(`rm -rf ${WEIGHTS}`);
  });

  it("shows why vLLM dies while it loads", async () => {
    // The weights have their size, but not their content: the header's length (8 bytes) is gone.
    await host.run(`cp -r /opt/rehearsal/model ${BROKEN_MODEL}
      dd if=/dev/zero of=${BROKEN_MODEL}/model.safetensors bs=8 count=1 conv=notrunc status=none`);
    const said = await host.failureOf({ "shardplan:model": await startHub(BROKEN_MODEL) });
    await host.run(
      `systemctl stop hub; rm -rf /root/hub.py; ls ${WEIGHTS}/.shardplan-complete; rm -rf ${WEIGHTS}`,
    );
    assert.match(said, /hosts\[0\] .*: vLLM died while it was starting: .*Safetensor.*; remove the cause/);
    // Stopped, so that it does not load again and again.
    assert.equal(await host.run("systemctl is-active shardplan-vllm || true"), "inactive");
  });

  it("ends with an error when the host reboots while vLLM loads", async () => {
    await host.run(PUT_BUCKET);
    await watchCommandLines(host);
    stack = await host.stack({ "shardplan:model": FROM_BUCKET });
    const booted = await untilBooted(host.hosts, host.host);
    let rebooting: Promise<string> | undefined;
    const progress = (line: string) => {
      if (/started shardplan-vllm/.test(line)) rebooting ??= host.run(FAULTS.reboot.script);
    };
    await assert.rejects(upStack(stack, { progress }), /node-0-vllm|exited without exit status/);
    await rebooting;
    await untilBooted(host.hosts, host.host, booted);
  });

  it("goes up once the cause is removed, and ends with a completion from vLLM", async () => {
    await watchCommandLines(host);
    const { outputs } = await upStack(stack, { progress: (line) => (said += `${line}\n`) });
    const completion = outputs.completion?.value as { completionTokens: number; version: string };
    // The prompt asks for 100 tokens, and random weights seldom end before.
    assert.ok(completion.completionTokens > 0, `completion.completionTokens: ${completion.completionTokens}`);
    assert.equal(completion.version, "0.32.0");
    assert.equal(outputs.endpoint?.value, `https://${host.host.address}`);
  });

  it("lets strangers reach SSH and the gateway, and nothing that vLLM and Ray listen on", async () => {
    const { open, listening } = await scanHost(host.hosts, host.host);
    assert.deepEqual(open, [22, 443]);
    // Ray alone has more than ten.
    assert.ok(listening > 10, `listening: ${listening}`);
  });

  it("runs each step a second time without changing anything", async () => {
    const steps = await deployedSteps(stack);
    assert.deepEqual(steps.map(({ step }) => step).sort(), [
      "base-packages",
      "driver",
      "firewall",
      "gateway",
      "host-facts",
      "monitoring",
      "python-environment",
      "ray",
      "verify",
      "vllm",
      "watchdog",
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

  it("says that the host's clock is wrong, and changes nothing for it", async () => {
    // The clock is this machine's own: only what steps ask for the time goes wrong.
    const wrong = `printf '#!/bin/sh\n[ "$*" = +%%s ] || exec /usr/bin/date "$@"\necho $(($(/usr/bin/date +%%s) + 600))\n' >/usr/local/bin/date`;
    await host.run(`${wrong}; chmod 755 /usr/local/bin/date`);
    let heard = "";
    const { summary } = await upStack(stack, { progress: (line) => (heard += `${line}\n`) });
    await host.run("rm /usr/local/bin/date");
    assert.match(heard, /its clock is (59\d|60\d) s ahead of this machine's: certificates will be refused/);
    assert.deepEqual(Object.keys(summary.resourceChanges ?? {}), ["same"]);
  });

  it("says what it cannot write when the disk is full, and serves on", async () => {
    // A file system of its own, with what is there, and full.
    await host.run(`set -e; cp -a /etc/shardplan /run/kept; mount -t tmpfs -o size=512k,mode=755 full /etc/shardplan
      cp -a /run/kept/. /etc/shardplan/; rm -r /run/kept
      cat /dev/zero >/etc/shardplan/filling 2>/dev/null || true`);
    const before = await host.run(SERVICES);
    const failed = await host.failureOf({
      "shardplan:model": FROM_BUCKET,
      // Larger by more than the step's own mark, which it takes away first.
      "shardplan:gateway": {
        allowedCidrs: Array.from({ length: 1000 }, (_, at) => `10.${1 + (at >> 8)}.${at % 256}.0/24`),
      },
    });
    assert.match(failed, /^hosts\[0\] .*: cannot write \/etc\/shardplan\/.*; check free space/);
    assert.equal(await host.run(SERVICES), before);
    const outputs = await stack.outputs();
    assert.match(await clientCompletion({ hosts: host.hosts, outputs }), /^\d+ tokens$/);
    await host.run("umount /etc/shardplan");
    stack = await host.stack({ "shardplan:model": FROM_BUCKET });
    await upStack(stack, silent);
    assert.deepEqual(Object.keys((await upStack(stack, silent)).summary.resourceChanges ?? {}), ["same"]);
  });

  it("fetches the weights again at a boot that has found them gone, with nobody there", async () => {
    const booted = await untilBooted(host.hosts, host.host);
    await host.run(`rm -rf ${WEIGHTS}; ${FAULTS.reboot.script}`);
    await untilBooted(host.hosts, host.host, booted);
    const outputs = await stack.outputs();
    let answer = "";
    for (let tries = 0; tries < 60 && !/ tokens$/.test(answer); tries++) {
      await sleep(3000);
      answer = await clientCompletion({ hosts: host.hosts, outputs }).catch((error: Error) => error.message);
    }
    assert.match(answer, /^\d+ tokens$/);
    const log = await host.run("journalctl -b -u shardplan-weights -o cat --no-pager");
    assert.match(log, /copying s3:\/\/rehearsal\/tiny-llama/);
    assert.deepEqual(Object.keys((await upStack(stack, silent)).summary.resourceChanges ?? {}), ["same"]);
  });

  it("stops vLLM with the reason when the weights are gone for good, and the next up fetches them", async () => {
    // A bucket that does not answer.
    await host.run("printf '#!/bin/sh\\nexit 1\\n' >/usr/local/bin/aws");
    await host.run(`rm -rf ${WEIGHTS}; systemctl restart --no-block shardplan-vllm`);
    // Between its stop and its start it is inactive, too, while the weights are fetched.
    const journal = await host.run(`for try in $(seq 150); do
        case "$(journalctl -u shardplan-vllm -n 5 -o cat --no-pager)" in *'The weights are not in'*) break ;; esac
        sleep 1
      done
      sleep 20 # more than RestartSec
      systemctl show -p ActiveState --value shardplan-vllm; journalctl -u shardplan-vllm -n 5 -o cat --no-pager`);
    assert.match(journal, /^inactive\n/);
    assert.match(
      journal,
      /^The weights are not in \/var\/lib\/shardplan\/models\/.*: see journalctl -u shardplan-weights\.service for why/m,
    );
    await host.run(PUT_BUCKET);
    const { summary } = await upStack(stack, silent);
    // The weights, vLLM, and the proof at least.
    assert.ok(
      (summary.resourceChanges?.update ?? 0) >= 3,
      `summary.resourceChanges?.update ?? 0: ${summary.resourceChanges?.update ?? 0}`,
    );
    assert.equal((await upStack(stack, silent)).summary.resourceChanges?.update, undefined);
  });

  for (const [what, who, noticed] of [
    ["the engine", "VLLM::EngineCore", "vLLM is wedged: .* took no step; killing it"],
    ["a rank", "ray::RayWorkerProc", "a signal holds shardplan-ray-head.service: continuing it"],
  ] as const) {
    it(`has clients served again when ${what} is stopped, which /health does not notice`, async () => {
      const outputs = await stack.outputs();
      const client = () =>
        clientCompletion({ hosts: host.hosts, outputs }).catch((error: Error) => error.message);
      await host.run(`pkill -STOP -o -f '^${who}'`);
      assert.equal(
        await host.run("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/health"),
        "200",
      );
      const stopped = Date.now();
      const said = new Set<string>();
      let answer = "";
      // Noticed within 120 s; an engine is killed, and answers when it has loaded.
      while (!/ tokens$/.test(answer) && Date.now() - stopped < 240_000) {
        answer = await client();
        said.add(answer.replace(/^https:\S+ /, ""));
      }
      assert.match(answer, /^\d+ tokens$/, [...said].join("; "));
      assert.ok(
        what === "a rank" || [...said].some((text) => /^503 .*try again/.test(text)),
        [...said].join("; "),
      );
      const journal = await host.run("journalctl -u shardplan-watchdog -o short-unix --no-pager -n 20");
      const told = journal.match(new RegExp(`^\\d+\\.\\d+(?= .*${noticed})`, "gm"))?.at(-1);
      const noticedSeconds = Number(told) - stopped / 1000;
      assert.ok(noticedSeconds > 0 && noticedSeconds <= 120, `noticed after ${noticedSeconds} s: ${journal}`);
    });
  }

  it("continues a gateway that a signal holds, whose unit looks as if it ran", async () => {
    const outputs = await stack.outputs();
    await host.run("systemctl kill --signal=STOP --kill-whom=all shardplan-gateway");
    const stopped = Date.now();
    let answer = "";
    while (!/ tokens$/.test(answer) && Date.now() - stopped < 120_000) {
      answer = await clientCompletion({ hosts: host.hosts, outputs }).catch((error: Error) => error.message);
    }
    assert.match(answer, /^\d+ tokens$/);
    const journal = await host.run("journalctl -u shardplan-watchdog -o cat --no-pager -n 20");
    assert.match(journal, /a signal holds shardplan-gateway\.service: continuing it/);
  });

  it("puts right what was edited or deleted on the host", async () => {
    await host.run(`sed -i s/443/8443/ /etc/shardplan/gateway/haproxy.cfg; systemctl restart shardplan-gateway
      nft delete table inet shardplan`);
    const { summary } = await upStack(stack, silent);
    // The firewall, the gateway, and the proof at least.
    assert.ok(
      (summary.resourceChanges?.update ?? 0) >= 3,
      `summary.resourceChanges?.update ?? 0: ${summary.resourceChanges?.update ?? 0}`,
    );
    assert.deepEqual((await scanHost(host.hosts, host.host)).open, [22, 443]);
  });

  it("closes the host again when the distribution's own firewall is loaded, which empties all tables", async () => {
    await host.run("systemctl start nftables; systemctl restart nftables; sleep 1");
    assert.deepEqual((await scanHost(host.hosts, host.host)).open, [22, 443]);
  });

  it("names the new process's reason when a change fails, and goes back to what served", async () => {
    const broken = await host.failureOf({ "shardplan:model": { location: BROKEN_MODEL } });
    assert.match(
      broken,
      /hosts\[0\] .*: vLLM died while it was starting: .*Safetensor.*; the service runs on with the previous version and flags; remove the cause/,
    );
    assert.match(
      await clientCompletion({ hosts: host.hosts, outputs: await stack.outputs() }),
      /^\d+ tokens$/,
    );
  });

  for (const step of ["vllm", "gateway", "facts"]) {
    it(`has the service in place after --replace of ${step}`, async () => {
      stack = await host.stack({ "shardplan:model": FROM_BUCKET });
      const key = await host.run("cat /etc/shardplan/secrets/api-key");
      const urn = (await stack.exportStack()).deployment.resources.find((resource: { urn: string }) =>
        resource.urn.endsWith(`::node-0-${step}`),
      ).urn;
      const { summary, outputs } = await upStack(stack, { ...silent, replace: [urn] });
      assert.equal(summary.resourceChanges?.replace, 1);
      assert.match(await clientCompletion({ hosts: host.hosts, outputs }), /^\d+ tokens$/);
      assert.equal(await host.run("cat /etc/shardplan/secrets/api-key"), key);
      assert.deepEqual((await scanHost(host.hosts, host.host)).open, [22, 443]);
    });
  }

  /** What the steps have made, but for the marks by which the program knows its own runs: each run may have others. */
  const inPlace = async () =>
    (await endState(host.hosts, host.host)).filter((line) => !line.includes("/etc/shardplan/marks/"));

  for (const [what, harm] of Object.entries(HARMS)) {
    it(`puts every file and unit of its own right that was ${what}`, async () => {
      const before = await inPlace();
      await host.run(harm);
      assert.ok(differences(before, await inPlace()).length > 10, "much is harmed");
      const { outputs } = await upStack(stack, silent);
      assert.deepEqual(differences(before, await inPlace()), []);
      assert.match(await clientCompletion({ hosts: host.hosts, outputs }), /^\d+ tokens$/);
      assert.deepEqual(Object.keys((await upStack(stack, silent)).summary.resourceChanges ?? {}), ["same"]);
    });
  }

  it("has all in place after --replace of every step at once", async () => {
    const before = await inPlace();
    const steps = (await stack.exportStack()).deployment.resources.filter(
      ({ type }: { type: string }) => type === "command:remote:Command",
    );
    const { summary, outputs } = await upStack(stack, {
      ...silent,
      replace: steps.map(({ urn }: { urn: string }) => urn),
    });
    assert.equal(summary.resourceChanges?.replace, steps.length);
    assert.deepEqual(differences(before, await inPlace()), []);
    assert.match(await clientCompletion({ hosts: host.hosts, outputs }), /^\d+ tokens$/);
  });

  it("removes the weights of an earlier model when asked", async () => {
    const models = "/var/lib/shardplan/models";
    const present = await host.run(`ls ${models}`);
    await host.run(`cp -r ${WEIGHTS} ${models}/earlier@main`);
    stack = await host.stack({ "shardplan:model": { ...FROM_BUCKET, removeUnused: true } });
    await upStack(stack, silent);
    assert.equal(await host.run(`ls ${models}`), present);
    assert.deepEqual(Object.keys((await upStack(stack, silent)).summary.resourceChanges ?? {}), ["same"]);
  });

  it("keeps its secrets where only root reads them", async () => {
    const [, line = ""] = (await readFile(host.hosts.privateKeyPath, "utf8")).split("\n");
    const canaries: Canaries = {
      ...KEYS,
      "the SSH key": line,
      "the engine's key": await host.run("cat /etc/shardplan/secrets/engine-key"),
      "Ray's token": await host.run("sed -n 's/^RAY_AUTH_TOKEN=//p' /etc/shardplan/secrets/ray.env"),
    };
    for (const value of Object.values(canaries)) assert.match(value, /^\S{20,}$/);
    const outputs = Object.values(await stack.outputs()).filter(({ secret }) => !secret);
    assert.deepEqual(
      {
        host: await findOnHost(host, canaries),
        engine: await findInFolder(host.engine.folder, canaries),
        said: namesIn(said, canaries),
        outputs: namesIn(JSON.stringify(outputs), canaries),
      },
      { host: [], engine: [], said: [], outputs: [] },
    );
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
