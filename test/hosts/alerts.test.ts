import assert from "node:assert/strict";
import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { OutputMap, Stack } from "@pulumi/pulumi/automation";
import { instantQuery } from "../../lib/cli/status/prometheus";
import { tunnelTo } from "../../lib/cli/status/ssh-tunnel";
import { readStackStatus } from "../../lib/cli/status/stack-status";
import { statusPage } from "../../lib/cli/status/status-page";
import { DASHBOARDS, dashboard } from "../../lib/serving";
import { apiKeyPath, clientCompletion } from "../../rehearsal/expectations";
import { firingAlerts } from "../../rehearsal/firing-alerts";
import { STACK } from "../../rehearsal/rehearsal-stack";
import { upStack } from "../../rehearsal/run-stack";
import { findInFolder, findOnHost, watchCommandLines } from "./canaries";
import { DISK, SUSTAINABLE_RATE, stopWatchingFast, TOLD, watchedPlan, watchFast } from "./fast-monitoring";
import { needsRoot, openTestHost, type TestHost } from "./local-host";

const silent = { progress: () => {} };

/** What a client asks: as the plan has it, unless told. */
interface Asked {
  readonly perSecond: number;
  readonly promptTokens?: number;
  readonly outputTokens?: number;
}

/** Requests per second: the plan's own are more than a processor that other tests use, too, may come to. */
const HEALTHY_RATE = 1.25;

/**
 * The stack's own Prometheus, the plan's rules, and faults that are made on a host on purpose. In the rules time runs ten
 * times as fast as on a stack, and no latency has a target; nothing else is different.
 */
describe("alerts on a real host", function () {
  this.timeout(15 * 60_000);
  let host: TestHost;
  let stack: Stack;
  let outputs: OutputMap;
  let key: string;
  let load: { stop(): void } | undefined;

  before(async function () {
    needsRoot(this);
    host = await openTestHost(1, { "shardplan:alertWebhook": { value: TOLD.webhook, secret: true } });
    stack = await host.stack(TOLD.overrides);
    ({ outputs } = await upStack(stack, silent));
    key = await host.run(`cat ${apiKeyPath(outputs)}`);
    await watchFast(host);
  });
  after(async () => {
    load?.stop();
    await host?.close();
  });

  const firing = () => firingAlerts(host.hosts, host.host);

  /** Asks so many a second, whether they are answered or not. */
  function ask({ perSecond, promptTokens = 16, outputTokens = 100 }: Asked): { stop(): void } {
    const agent = new Agent({ keepAlive: true, ca: String(outputs.certificateAuthority?.value) });
    const timer = setInterval(() => {
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      const prompt = Array.from({ length: promptTokens }, () => 10 + Math.floor(Math.random() * 200));
      const call = request(
        `${outputs.endpoint?.value}/v1/completions`,
        { method: "POST", agent, headers },
        (answer) => answer.resume(),
      );
      call.on("error", () => {});
      call.end(
        JSON.stringify({
          model: outputs.model?.value,
          prompt,
          max_tokens: outputTokens,
          ignore_eos: true,
        }),
      );
    }, 1000 / perSecond);
    return {
      stop: () => {
        clearInterval(timer);
        agent.destroy();
      },
    };
  }

  /** Waits until what fires beside `before` is what is wanted and no more; a second longer must it stay so. */
  async function fires(before: readonly string[], wanted: readonly string[], limitSeconds: number) {
    const deadline = Date.now() + 1000 * limitSeconds;
    const fresh = async () => (await firing()).filter((name) => !before.includes(name));
    let now = await fresh();
    while (String(now) !== String(wanted) && Date.now() < deadline) {
      const other = now.filter((name) => !wanted.includes(name));
      assert.deepEqual(other, [], `also fires: ${other}`);
      await sleep(1000);
      now = await fresh();
    }
    assert.deepEqual(now, wanted);
    await sleep(3000);
    assert.deepEqual(await fresh(), wanted);
  }

  it("are silent for two minutes under a load that the processor carries beside other tests", async () => {
    load = ask({ perSecond: HEALTHY_RATE });
    const until = Date.now() + 120_000;
    while (Date.now() < until) {
      assert.deepEqual(await firing(), []);
      await sleep(2000);
    }
  });

  it("stand on the status page beside what is measured, over SSH, and every graph has its data", async () => {
    const options = ["-i", host.hosts.privateKeyPath, "-o", "StrictHostKeyChecking=no"];
    const { user, address } = host.config;
    const { url, close } = await tunnelTo(
      [...options, "-o", "UserKnownHostsFile=/dev/null", `${user}@${address}`].join(" "),
    );
    try {
      const status = await readStackStatus(url, STACK);
      assert.deepEqual(status.alerts, []);
      const rate = status.requests.perSecond ?? 0;
      assert.ok(rate > HEALTHY_RATE / 2 && rate < 2 * HEALTHY_RATE, `${rate} requests/s`);
      for (const { latency, measuredSeconds } of status.latencies) assert.ok(measuredSeconds, latency);
      assert.match(statusPage(status), /^no alert fires$/m);
      for (const name of DASHBOARDS) {
        const page = dashboard(watchedPlan(), STACK, name);
        const { panels }: { panels: { title: string; targets: { expr: string }[] }[] } = JSON.parse(page);
        // What fires is nothing yet.
        for (const { title, targets } of panels)
          for (const { expr } of targets)
            if (!expr.includes("ALERTS"))
              assert.ok((await instantQuery(url, expr)).length > 0, `${name}, ${title}: ${expr}`);
      }
    } finally {
      close();
    }
    // The host drops what it does not expect.
    await assert.rejects(tunnelTo(`-p 9 ${user}@${address}`), /Connection timed out/);
  });

  it("ring for a link that went down and came back, one that stays down, and a full disk; who is to be told is", async () => {
    const before = await firing();
    await host.run(`echo '{"DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL": 1}' >/run/dcgm.json`);
    await fires(before, ["ShardplanNvlinkErrors"], 15);
    await host.run(
      `echo '{"DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL": 1, "down": true}' >/run/dcgm.json`,
    );
    await fires(before, ["ShardplanNvlinkDown", "ShardplanNvlinkErrors"], 30);
    await host.run(`cat /dev/zero >${DISK}/filling 2>/dev/null || true`);
    await fires(before, ["ShardplanDiskFills", "ShardplanNvlinkDown", "ShardplanNvlinkErrors"], 90);
    // Alertmanager collects for 15 s.
    let told = "";
    for (let tries = 0; tries < 30 && !told.includes("ShardplanDiskFills"); tries++) {
      told = await host.run(`cat ${TOLD.file} 2>/dev/null || true`);
      await sleep(1000);
    }
    for (const name of ["ShardplanDiskFills", "ShardplanNvlinkErrors"])
      assert.match(told, new RegExp(`"status":"firing".*"alertname":"${name}"`));
  });

  it("ring for more than the plan sustains, and for traffic that is not the plan's", async () => {
    load?.stop();
    const before = await firing();
    load = ask({ perSecond: 2 * SUSTAINABLE_RATE, outputTokens: 8 });
    await fires(before, ["ShardplanBeyondSustainableRate", "ShardplanOutputsShorter"], 240);
    load.stop();
  });

  it("ring for an engine that hangs, where no watchdog kills it", async () => {
    const before = await firing();
    await host.run("systemctl stop shardplan-watchdog");
    load = ask({ perSecond: 1, outputTokens: 1900 });
    await sleep(3000);
    await host.run("pkill -STOP -o -f '^VLLM::EngineCore'");
    try {
      await fires(before, ["ShardplanEngineWedged"], 60);
    } finally {
      load.stop();
      await host.run("pkill -CONT -o -f '^VLLM::EngineCore'; systemctl start shardplan-watchdog");
    }
  });

  it("ring for an engine that was killed and stays away", async () => {
    const before = await firing();
    await host.run("pkill -KILL -o -f '^VLLM::EngineCore'");
    await fires(before, ["ShardplanEngineDown"], 60);
  });

  it("are the stack's own again after the next up, and the service is there", async () => {
    await stopWatchingFast(host);
    await watchCommandLines(host);
    ({ outputs } = await upStack(stack, silent));
    assert.match(await clientCompletion({ hosts: host.hosts, outputs }), /^\d+ tokens$/);
    const token = { "the webhook's token": TOLD.token };
    assert.deepEqual(await findOnHost(host, token), []);
    assert.deepEqual(await findInFolder(host.engine.folder, token), []);
  });
});
