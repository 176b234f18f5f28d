import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDeployment, UserError } from "../../../lib/config";
import { stopsByItself, stopTimer, stopUnit } from "../../../lib/serving";
import { plan } from "../../../lib/strategy";
import { newSshKeyPair } from "../../../rehearsal/ssh-key-pair";

const PROGRAM = join(__dirname, "../../../infra/programs/stop.sh");

/** A machine at a moment. */
interface Moment {
  readonly stopAt?: string;
  readonly idleSeconds?: number;
  readonly clock?: string;
  readonly secondsUp?: number;
  /** Lines of the gateway's log in the time that counts as idle. */
  readonly log?: readonly string[];
}

const line = (key: string, secondsAgo: number) =>
  `${Math.round(Date.now() / 1000) - secondsAgo}.123456 host haproxy[1]: id=1 client=203.0.113.9 key=${key} POST /v1/completions HTTP/1.1 status=200`;

/** What the program says and does, with clock, journal and systemctl stood in for. */
function look({ stopAt = "", idleSeconds, clock = "12:00", secondsUp = 90_000, log = [] }: Moment) {
  const folder = mkdtempSync(join(tmpdir(), "shardplan-stop-"));
  writeFileSync(join(folder, "log"), `${log.join("\n")}\n`);
  const code = `. ${PROGRAM} library
    now() { echo ${clock}; }
    seconds_up() { echo ${secondsUp}; }
    journalctl() { while [ "$1" != --grep ]; do shift; done; grep -E -- "$2" ${folder}/log | tail -n 1; }
    systemctl() { echo "systemctl $*"; }
    look`;
  const env = {
    ...process.env,
    STOP_AT: stopAt,
    IDLE_SECONDS: idleSeconds === undefined ? "" : `${idleSeconds}`,
    GATEWAY_UNIT: "gateway",
  };
  const { stdout, stderr } = spawnSync("bash", ["-c", code], { encoding: "utf8", env });
  rmSync(folder, { recursive: true });
  return stdout + stderr;
}

const OFF = /^the machine shuts down: .*\nsystemctl poweroff\n$/;

describe("a machine that shuts down by itself", () => {
  it("does at its time, and at no other", () => {
    assert.match(look({ stopAt: "20:00", clock: "20:00" }), OFF);
    assert.equal(look({ stopAt: "20:00", clock: "20:01" }), "");
  });

  it("does when no key has asked for as long as is said", () => {
    assert.match(look({ idleSeconds: 7200 }), /no key has asked for 120 minutes/);
    assert.match(look({ idleSeconds: 7200, log: [line("-", 60)] }), OFF);
    assert.match(look({ idleSeconds: 7200, log: [line("alice", 7300)] }), OFF);
    assert.equal(look({ idleSeconds: 7200, log: [line("alice", 7000), line("-", 5)] }), "");
  });

  it("does not when it has just started, which somebody wanted", () => {
    assert.equal(look({ idleSeconds: 7200, secondsUp: 7100 }), "");
  });
});

describe("the units of it", () => {
  const SMALL = {
    model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
    hardware: { instanceType: "g6e.xlarge" },
    serving: { maxNumSeqs: 32, maxNumBatchedTokens: 1024 },
    workload: { requestRate: 0.2, simulatedRequests: 100 },
  };
  const planned = (cost: object) => plan(parseDeployment({ ...SMALL, cost }));

  it("are there where the stack says so, and look at the times that it says", () => {
    assert.equal(stopsByItself(planned({})), false);
    const both = planned({ stopAt: "20:00", stopAfterIdleHours: 2 });
    assert.equal(stopsByItself(both), true);
    assert.match(stopTimer(both), /^OnCalendar=\*-\*-\* 20:00:00 UTC\nOnCalendar=\*:0\/5$/m);
    assert.match(stopUnit(both), /^Environment=STOP_AT=20:00\nEnvironment=IDLE_SECONDS=7200$/m);
    for (const [, time = ""] of stopTimer(both).matchAll(/^OnCalendar=(.*)$/gm)) {
      const { status, stderr } = spawnSync("systemd-analyze", ["calendar", time], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
    }
    assert.doesNotMatch(stopTimer(planned({ stopAfterIdleHours: 2 })), /UTC/);
  });

  it("are refused where the program cannot know, or may not", () => {
    const refuses = (input: object, text: RegExp) =>
      assert.throws(
        () => parseDeployment({ ...SMALL, ...input }),
        (error: Error) => error instanceof UserError && text.test(error.message),
      );
    refuses({ cost: { stopAt: "8pm" } }, /cost\.stopAt/);
    const two = { cost: { stopAfterIdleHours: 2 }, hardware: { ...SMALL.hardware, nodes: 2 } };
    refuses(two, /cost\.stopAfterIdleHours.*needs hardware\.nodes 1.*cost\.stopAt/);
    const given = [{ address: "10.0.0.1", user: "root", hostKey: newSshKeyPair().public.trim() }];
    refuses({ cost: { stopAt: "20:00" }, hosts: given }, /cost\.stopAt.*must be left out with hosts/);
  });
});
