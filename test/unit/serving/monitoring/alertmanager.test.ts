import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { parse } from "yaml";
import { ConfigError, type DeploymentInput } from "../../../../lib/config";
import {
  alertmanagerCommand,
  alertmanagerConfig,
  alertmanagerUnit,
  alertSecretFault,
  prometheusConfig,
} from "../../../../lib/serving";
import { planOf } from "../plan-fixture";

type Alerts = NonNullable<NonNullable<DeploymentInput["monitoring"]>["alerts"]>;

const WEBHOOK: Alerts = { to: "webhook" };
const MAIL: Alerts = {
  to: "mail",
  mailTo: "oncall@example.com",
  mailFrom: "shardplan@example.com",
  mailServer: "mail.example.com:587",
  mailUser: "shardplan",
};
const told = (alerts: Alerts) => planOf({ monitoring: { alerts } });

describe("who is told of alerts", function () {
  this.timeout(60_000);
  let folder = "";
  const processes: ChildProcess[] = [];

  before(function () {
    // Continuous integration installs it, so there its lack is a failure.
    if (process.env.CI === undefined && spawnSync("amtool", ["--version"]).error) this.skip();
    folder = mkdtempSync(join(tmpdir(), "shardplan-alertmanager-"));
  });
  after(() => {
    for (const one of processes) one.kill("SIGKILL");
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  const check = (config: string) => {
    const file = join(folder, "checked.yml");
    writeFileSync(file, config);
    return spawnSync("amtool", ["check-config", file], { encoding: "utf8" });
  };

  it("is written as Alertmanager reads it, by webhook or mail, with the secret there and nowhere else", () => {
    for (const [alerts, secret] of [
      [WEBHOOK, "https://hooks.example.com/canary"],
      [MAIL, "canary"],
    ] as const) {
      const config = alertmanagerConfig(told(alerts), "prod", secret);
      const { status, stdout, stderr } = check(config);
      assert.equal(status, 0, `${stdout}${stderr}`);
      assert.match(config, /canary/);
      assert.ok(!alertmanagerUnit(told(alerts)).includes("canary"), "the secret in the unit");
    }
    assert.notEqual(check(alertmanagerConfig(told(WEBHOOK), "prod", "no URL")).status, 0);
  });

  it("takes any URL and any password as they are", () => {
    const received = (config: string): string => {
      const { receivers }: { receivers: Record<string, { url?: string; auth_password?: string }[]>[] } =
        parse(config);
      const [one] = receivers[0]?.webhook_configs ?? receivers[0]?.email_configs ?? [];
      return one?.url ?? one?.auth_password ?? "";
    };
    const urls = ["https://user:p%40ss@hooks.example.com/x?token=a&b=$HOME#c", "http://[::1]:8080/ü"];
    const passwords = [
      `"'\\`,
      "a: b # c",
      "- {{ .Secret }} $HOME %s",
      "ünïcode 密",
      "null",
      "0123",
      " led by a space",
    ];
    const all = [
      ...urls.map((secret) => [WEBHOOK, secret] as const),
      ...passwords.map((secret) => [MAIL, secret] as const),
    ];
    for (const [alerts, secret] of all) {
      assert.equal(alertSecretFault(alerts.to === "mail" ? "mail" : "webhook", secret), undefined, secret);
      const config = alertmanagerConfig(told(alerts), "prod", secret);
      assert.equal(received(config), secret);
      const { status, stdout, stderr } = check(config);
      assert.equal(status, 0, `${secret}: ${stdout}${stderr}`);
    }
  });

  it("is refused in one line without the secret where it is none", () => {
    const urls = [
      "",
      "canary.example.com/x",
      "ftp://canary/x",
      "https://",
      "http://canary:99999/",
      "https://canary/%zz\n",
    ];
    for (const url of [
      ...urls,
      `https://h/?canary="b`,
      "https://h/can ary",
      " https://canary/x",
      "https://[::1/canary",
    ]) {
      const fault = alertSecretFault("webhook", url) ?? "";
      assert.match(fault, /^is no whole URL[^\n]*$/, url);
      assert.doesNotMatch(fault, /canary/);
    }
    assert.match(alertSecretFault("mail", "canary\n") ?? "", /^holds a line break[^\n]*$/);
  });

  it("has a hint for what Alertmanager refuses, which says nothing of the secret", () => {
    const folder = join(__dirname, "../../../../infra/steps");
    const step = readFileSync(join(folder, "monitoring.sh"), "utf8").replace(/^run_step .*$/m, "");
    for (const [url, hint] of [
      ["ftp://canary/x", /^shardplan:alertWebhook is to be a whole URL/],
      ["canary/x", /^shardplan:alertWebhook is to be a whole URL/],
      ["https://canary/x\n", /^shardplan:alertWebhook is to be a whole URL/],
      ["https://canary/%zz", /^shardplan:alertWebhook is to be a whole URL/],
      [undefined, /^run 'amtool check-config \/etc\/told' on the host as root/],
    ] as const) {
      const { stdout } = check(
        url === undefined ? "receivers: 1\n" : alertmanagerConfig(told(WEBHOOK), "prod", url),
      );
      const { stdout: said } = spawnSync(
        "bash",
        ["-c", `MASKED_BY_MONITORING=\n${step}\nalertmanager_hint "$(cat)"`],
        {
          input: stdout,
          encoding: "utf8",
          env: { ...process.env, ALERTMANAGER_FILE: "/etc/told" },
        },
      );
      assert.match(said.trim(), hint, `${url}: ${stdout}`);
      assert.doesNotMatch(said, /canary/);
    }
  });

  it("hears of an alert that Prometheus sends, and of its end", async () => {
    const heard: { status: string; alertname?: string }[] = [];
    // What an answer is to be, once it is no longer a success.
    let refusal: { status: number; headers?: Record<string, string> } | undefined;
    const refused: string[] = [];
    const receiver = createServer((request, response) => {
      void text(request).then((body) => {
        if (refusal !== undefined) {
          refused.push(`${request.method} ${request.url}`);
          response.writeHead(refusal.status, refusal.headers).end(`Cannot ${request.method} ${request.url}`);
          return;
        }
        const { status, commonLabels } = JSON.parse(body) as {
          status: string;
          commonLabels: { alertname?: string };
        };
        heard.push({ status, ...commonLabels });
        response.end();
      });
    }).listen(0, "127.0.0.1");
    // One that is left open by a failure keeps nothing running.
    receiver.unref();
    await new Promise((resolve) => receiver.once("listening", resolve));
    const { port } = receiver.address() as AddressInfo;
    const config = alertmanagerConfig(told(WEBHOOK), "prod", `http://127.0.0.1:${port}/canary`);
    // As systemd names what it hands over.
    const own = join(folder, "alertmanager");
    // The test does not wait for further alerts of the same name.
    writeFileSync(
      own,
      config.replace("group_wait: 15s", "group_wait: 0s").replace("group_interval: 5m", "group_interval: 1s"),
    );
    const listen = await freePort();
    const alertmanager = spawn("bash", ["-c", alertmanagerCommand(join(folder, "data"), listen)], {
      env: { ...process.env, CREDENTIALS_DIRECTORY: folder },
    });
    processes.push(alertmanager);
    let log = "";
    for (const stream of [alertmanager.stdout, alertmanager.stderr])
      stream.on("data", (said) => {
        log += said;
      });
    const send = async (endsAt?: string) => {
      const labels = { alertname: "ShardplanXid", severity: "critical", stack: "prod" };
      const body = JSON.stringify([{ labels, ...(endsAt === undefined ? {} : { endsAt }) }]);
      const headers = { "content-type": "application/json" };
      return fetch(`http://127.0.0.1:${listen}/api/v2/alerts`, { method: "POST", headers, body }).then(
        ({ ok }) => ok,
        () => false,
      );
    };
    const until = async (holds: () => boolean | Promise<boolean>) => {
      for (let tries = 0; tries < 150 && !(await holds()); tries++) await setTimeout(200);
    };
    await until(() => send());
    await until(() => heard.length > 0);
    assert.deepEqual(heard.at(0)?.status, "firing");
    await send(new Date().toISOString());
    await until(() => heard.some(({ status }) => status === "resolved"));
    for (const answer of [{ status: 404 }, { status: 302, headers: { location: "/elsewhere" } }]) {
      refusal = answer;
      await send();
      await until(() => log.includes(`unexpected status code ${answer.status}`));
      assert.match(log, new RegExp(`unexpected status code ${answer.status}"`));
    }
    assert.deepEqual([...new Set(refused)], ["POST /canary"], "a redirect was followed");
    receiver.close();
    receiver.closeAllConnections();
    await send();
    await until(() => log.includes("Notify attempt failed"));
    assert.match(log, /Notify attempt failed.*http:\/\/\.\.\./);
    assert.ok(!log.includes("canary"), `the secret in the log: ${log}`);
    assert.deepEqual(heard.at(-1), {
      status: "resolved",
      alertname: "ShardplanXid",
      severity: "critical",
      stack: "prod",
    });
  });

  it("is named to Prometheus only where somebody is told", () => {
    const of = (alerts?: Alerts) =>
      prometheusConfig(alerts === undefined ? planOf() : told(alerts), {
        stack: "prod",
        hosts: [{ name: "node-0", address: "10.0.0.1" }],
        rules: "rules.yml",
      });
    assert.match(of(WEBHOOK), /alertmanagers:[\s\S]*127\.0\.0\.1:9093/);
    assert.match(of(WEBHOOK), /job_name: alertmanager$/m);
    assert.ok(!of().includes("alertmanagers"), "an Alertmanager where nobody is told");
  });

  it("is asked for whole", () => {
    const refused = (monitoring: DeploymentInput["monitoring"], wanted: RegExp) =>
      assert.throws(
        () => planOf({ monitoring }),
        (error: ConfigError) => error instanceof ConfigError && wanted.test(error.message),
      );
    refused(
      { alerts: { to: "mail", mailTo: "a@example.com" } },
      /monitoring\.alerts\.mailServer.*is needed with/,
    );
    refused({ alerts: { to: "webhook", mailTo: "a@example.com" } }, /mailTo.*leave it out/);
    refused(
      { mode: "off", alerts: { to: "webhook" } },
      /monitoring\.alerts\.to.*goes with monitoring\.mode on/,
    );
  });
});

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const socket = createSocket().listen(0, "127.0.0.1", () => {
      const { port } = socket.address() as AddressInfo;
      socket.close(() => resolve(port));
    });
  });
