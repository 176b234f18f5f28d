import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { connect as connectSocket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectionOptions, connect, type SecureVersion } from "node:tls";
import {
  CERTIFICATE_TIMER,
  certificateKind,
  certificateUnit,
  gatewayConfig,
  gatewayUnit,
  hostPaths,
  stopTimer,
  stopUnit,
  UNITS,
} from "../../lib/serving";
import { closeHosts, type LocalHost, type LocalHosts, openHosts } from "../../rehearsal/hosts/local-hosts";
import { rootTree } from "../../rehearsal/hosts/root-tree";
import { runOnHost } from "../../rehearsal/hosts/run-on-host";
import { ensureSystemPackages } from "../../rehearsal/hosts/system-packages";
import { isAlive } from "../../rehearsal/process-identity";
import { runProgram } from "../../rehearsal/run-program";
import { planOf } from "../unit/serving/plan-fixture";
import { type Answer, ENGINE_KEY, KEY, type LocalFront, openFront, RENEW } from "./local-front";
import { needsRoot } from "./local-host";
import { stepOnHost } from "./step-on-host";

const STOP = join(__dirname, "../../infra/programs/stop.sh");

const authorization = { authorization: `Bearer ${KEY}` };

/** Asks until it is answered with the status; what was answered last. */
async function until(status: number, ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (answer.status === status || tries === 150) return answer;
    await sleep(200);
  }
}

describe("the gateway before one server", function () {
  this.timeout(120_000);
  let front: LocalFront;

  before(async function () {
    needsRoot(this);
    const shorter = (config: string) => config.replace("wait-for-body time 30s", "wait-for-body time 5s");
    const plan = planOf({ gateway: { port: 28443, maxBodyMb: 1, extraPaths: ["/tokenize"] } });
    front = await openFront(plan, shorter);
  });
  after(() => front?.close());

  const dial = (more: ConnectionOptions = {}) =>
    connect({ host: "127.0.0.1", port: front.port, ca: front.authority(), ...more });

  /** What comes back for half a request. */
  async function half(begun: string): Promise<string> {
    const socket = dial();
    socket.write(begun);
    return text(socket).catch(() => "");
  }

  /** The protocol that is agreed upon, or the other side's alert. */
  const agreed = (version: SecureVersion) =>
    new Promise<string>((resolve) => {
      // Clients of today refuse the old versions themselves; this one is to ask.
      const old = { ciphers: "DEFAULT:@SECLEVEL=0", minVersion: version, maxVersion: version };
      const socket = dial({ ...old, ALPNProtocols: ["h2", "http/1.1"] });
      socket.on("secureConnect", () => {
        resolve(`${socket.getProtocol()} ${socket.alpnProtocol}`);
        socket.destroy();
      });
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(`${error.code}`));
    });

  it("speak TLS 1.2 and 1.3 and HTTP/2, and nothing older", async () => {
    assert.equal(await agreed("TLSv1.3"), "TLSv1.3 h2");
    assert.equal(await agreed("TLSv1.2"), "TLSv1.2 h2");
    for (const version of ["TLSv1.1", "TLSv1"] as const)
      assert.equal(await agreed(version), "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", version);
    const session = connectHttp2(`https://127.0.0.1:${front.port}`, { ca: front.authority() });
    const call = session.request({
      ":method": "POST",
      ":path": "/v1/completions",
      "content-length": 2,
      ...authorization,
    });
    call.end("{}");
    assert.equal(await text(call), "answered");
    session.close();
  });

  it("let completions with the key through, and nothing else", async () => {
    assert.equal((await front.complete()).status, 200);
    for (const wrong of ["Bearer wrong", "Bearer", "", KEY, `Basic ${KEY}`, "Bearer default"])
      assert.equal((await front.complete({ authorization: wrong })).status, 401, wrong);
    const empty = { ...authorization, "content-length": "0" };
    assert.equal((await front.ask("POST", "/tokenize", empty)).status, 200);
    for (const path of ["/metrics", "/invocations", "/v1/embeddings"]) {
      assert.equal((await front.ask("POST", path, empty)).status, 404);
    }
    assert.equal((await front.ask("GET", "/v1/models", authorization)).status, 200);
    assert.equal((await front.ask("GET", "/v1/models")).status, 401);
  });

  it("tell curl over HTTP/2 what is wrong, too, each time", async () => {
    const file = join(front.folder, "asked.json");
    writeFileSync(file, JSON.stringify({ prompt: "a".repeat(10_000) }));
    const wrong = ["--header", "Authorization: Bearer wrong", "--header", "Content-Type: application/json"];
    const asked = [
      "--silent",
      "--http2",
      "--insecure",
      "--output",
      "/dev/null",
      "--write-out",
      "%{http_code} ",
    ];
    const url = (path: string) => `https://127.0.0.1:${front.port}/v1/${path}`;
    for (const [path, status] of [
      ["completions", "401 "],
      ["embeddings", "404 "],
    ] as const) {
      // Some of these were cut off.
      const said = await runProgram("bash", [
        ...["-c", 'for _ in $(seq 30); do curl "$@"; done', "-"],
        ...[...asked, ...wrong, "--data-binary", `@${file}`, url(path)],
      ]);
      assert.equal(said.trim(), status.repeat(30).trim());
    }
  });

  it("show the server a key of its own in place of the client's", async () => {
    const [engine] = front.engines;
    assert.ok(engine, "a server");
    let shown = "";
    engine.answer = (asked, answer) => {
      shown = `${asked.headers.authorization}`;
      answer.end("answered");
    };
    assert.equal((await front.complete()).status, 200);
    assert.equal(shown, `Bearer ${ENGINE_KEY}`);
  });

  it("give each request an id, which the server and the log have, too, with the key's name and neither key nor prompt", async () => {
    const [engine] = front.engines;
    assert.ok(engine, "a server");
    let seen = "";
    engine.answer = (asked, answer) => {
      seen = `${asked.headers["x-request-id"]}`;
      answer.end("answered");
    };
    const own = { "x-request-id": "made up" };
    const { headers } = await front.complete(own, '{"prompt":"secret prompt"}');
    const id = String(headers["x-request-id"]);
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.equal(seen, id);
    await front.ask("POST", "/v1/nowhere?api_key=secret-query", authorization);
    await sleep(100);
    const log = readFileSync(join(front.folder, "log"), "utf8");
    const line = log.split("\n").find((one) => one.includes(id));
    assert.match(
      line ?? log,
      /key=default POST \/v1\/completions HTTP\/1\.1 status=200 server=server-0 .*first_byte_ms=\d+ total_ms=\d+ bytes_in=\d+ bytes_out=\d+/,
    );
    assert.match(log, /POST \/v1\/nowhere HTTP\/1\.1 status=404/);
    for (const secret of [KEY, ENGINE_KEY, "secret prompt", "secret-query"])
      assert.ok(!log.includes(secret), `log: ${log}`);
  });

  it("show keys to nobody: not in arguments, environment, or files that others may read", async () => {
    const admin = connectSocket(join(front.folder, "admin"));
    admin.end("show env\n");
    const workers = readFileSync(`/proc/${front.process}/task/${front.process}/children`, "utf8").trim();
    const shown = [
      await text(admin),
      ...[front.process, ...workers.split(" ")].flatMap((process) =>
        ["cmdline", "environ"].map((what) => readFileSync(`/proc/${process}/${what}`, "utf8")),
      ),
      ...readdirSync(front.folder, { recursive: true, encoding: "utf8" })
        .map((name) => join(front.folder, name))
        .filter((path) => statSync(path).isFile() && (statSync(path).mode & 0o077) !== 0)
        .map((path) => readFileSync(path, "utf8")),
    ];
    assert.ok(shown.length >= 8, `${shown.length} places`);
    for (const secret of [KEY, ENGINE_KEY, "PRIVATE KEY"])
      assert.ok(!shown.some((one) => one.includes(secret)), secret);
  });

  it("refuse a body that is too long, or of which nobody says how long it is, and a head that is too long", async () => {
    assert.equal((await front.complete({ "content-length": "400000000" })).status, 413);
    assert.equal((await front.complete({}, "x".repeat(1_000_001))).status, 413);
    assert.equal((await front.complete({}, "x".repeat(999_999))).status, 200);
    const chunked = { ...authorization, "transfer-encoding": "chunked" };
    assert.equal((await front.ask("POST", "/v1/completions", chunked, "{}")).status, 411);
    assert.equal((await front.complete({ padding: "x".repeat(17_000) })).status, 431);
    assert.equal((await front.complete({ padding: "x".repeat(100_000) })).status, 400);
  });

  it("wait 10 s for the head of a request and no longer, and not for the rest of its body", async () => {
    const head = "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    const started = Date.now();
    const heads = Promise.all(Array.from({ length: 50 }, () => half(head)));
    const body = half(`${head}Authorization: Bearer ${KEY}\r\nContent-Length: 100\r\n\r\n{`);
    assert.match(await body, /^HTTP\/1\.1 408 /);
    for (const answer of await heads) assert.match(answer, /^HTTP\/1\.1 408 |^$/);
    const waited = Date.now() - started;
    assert.ok(waited > 9_000 && waited < 13_000, `${waited} ms`);
  });

  it("end what a client no longer waits for on the server, too", async () => {
    const [engine] = front.engines;
    assert.ok(engine, "a server");
    const ended = new Promise<boolean>((resolve) => {
      engine.answer = (_, answer) => {
        answer.on("close", () => resolve(answer.writableFinished));
        call.destroy();
      };
    });
    const headers = { ...authorization, "content-length": 2 };
    const to = { host: "127.0.0.1", port: front.port, path: "/v1/completions", ca: front.authority() };
    const call = request({ ...to, method: "POST", headers });
    call.on("error", () => {});
    call.end("{}");
    assert.equal(await ended, false);
    engine.answer = (_, answer) => answer.end("answered");
  });

  it("say 503 and when to try again while vLLM does not serve, to everything", async () => {
    const [engine] = front.engines;
    assert.ok(engine, "a server");
    engine.health = 500;
    await until(503, () => front.ask("GET", "/health"));
    for (const answer of [await front.complete(), await front.ask("GET", "/health")]) {
      assert.equal(answer.status, 503);
      assert.equal(answer.headers["retry-after"], "10");
      assert.equal(JSON.parse(answer.body).error.code, 503);
    }
    engine.health = 200;
    assert.equal((await until(200, () => front.complete())).status, 200);
  });
});

describe("the gateway with limits for each key", function () {
  this.timeout(120_000);
  let front: LocalFront;

  before(async function () {
    needsRoot(this);
    const limits = { requestsPerMinutePerKey: 6, concurrentRequestsPerKey: 2 };
    // Clients are on this host, which counts for the gateway's own: here that is another address. And nobody waits a
    // minute to see what a client's silence does.
    const edit = (config: string) =>
      config
        .replace("acl inside src 127.0.0.0/8", "acl inside src 127.0.0.9")
        .replace("timeout client 60s", "timeout client 2s");
    front = await openFront(planOf({ gateway: { port: 28445, ...limits } }), edit);
    front.setKeys(`${KEY} default\nsk-other other\nsk-third third\n`);
    const third = await until(200, () => front.complete({ authorization: "Bearer sk-third" }));
    assert.equal(third.status, 200, readFileSync(join(front.folder, "log"), "utf8"));
  });
  after(() => front?.close());

  it("say 429 and when to try again to a key with more requests at once, and to no other key", async () => {
    const [engine] = front.engines;
    assert.ok(engine, "a server");
    const held: (() => void)[] = [];
    engine.answer = (_, answer) => held.push(() => answer.end("answered"));
    const running = [front.complete(), front.complete()];
    while (held.length < 2) await sleep(50);
    const third = await front.complete();
    assert.deepEqual([third.status, third.headers["retry-after"]], [429, "1"]);
    assert.match(third.body, /"this key may have 2 requests at once"/);
    engine.answer = (_, answer) => answer.end("answered");
    assert.equal((await front.complete({ authorization: "Bearer sk-other" })).status, 200);
    for (const answer of held) answer();
    assert.deepEqual(
      (await Promise.all(running)).map(({ status }) => status),
      [200, 200],
    );
    assert.equal((await front.complete()).status, 200, "there is room again");
  });

  it("cut no answer that is silent for longer than a client may be, streamed or not", async () => {
    const [engine] = front.engines;
    const third = { authorization: "Bearer sk-third" };
    assert.ok(engine, "a server");
    engine.answer = (asked, answer) => {
      if (asked.headers.streamed) answer.writeHead(200).write("first ");
      setTimeout(() => answer.end("last"), 5000);
    };
    const answers = await Promise.all([front.complete(third), front.complete({ ...third, streamed: "yes" })]);
    assert.deepEqual(
      answers.map(({ body }) => body),
      ["last", "first last"],
    );
  });

  it("say 429 to a key with more requests in a minute, where refused ones do not count", async () => {
    const [engine] = front.engines;
    assert.ok(engine, "a server");
    engine.answer = (_, answer) => answer.end("answered");
    const other = () => front.complete({ authorization: "Bearer sk-other" });
    const answers: Answer[] = [];
    for (let at = 0; at < 9; at++) answers.push(await other());
    // One was sent before.
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200, 200, 429, 429, 429, 429],
    );
    assert.equal(answers.at(-1)?.headers["retry-after"], "10");
    assert.match(String(answers.at(-1)?.body), /"this key may send 6 requests in a minute"/);
  });
});

describe("the gateway before two servers", function () {
  this.timeout(120_000);
  let front: LocalFront;

  before(async function () {
    needsRoot(this);
    const strategy = { tensorParallel: 4, dataParallel: 2 };
    front = await openFront(planOf({ gateway: { port: 28444 }, strategy }));
  });
  after(() => front?.close());

  const engine = (at: number) => {
    const found = front.engines[at];
    assert.ok(found, `server ${at}`);
    return found;
  };

  it("send to the server with the fewest requests", async () => {
    const held: (() => void)[] = [];
    const hold = (at: number) => {
      engine(at).answer = (_, answer) => held.push(() => answer.end("answered"));
    };
    hold(0);
    hold(1);
    const asked = Array.from({ length: 8 }, () => front.complete());
    while (held.length < 8) await sleep(50);
    assert.deepEqual([engine(0).requests, engine(1).requests], [4, 4]);
    for (const answer of held) answer();
    assert.ok(
      (await Promise.all(asked)).every(({ status }) => status === 200),
      "all are answered",
    );
  });

  for (const [what, fail] of [
    ["answers with 500", (answer: import("node:http").ServerResponse) => answer.writeHead(500).end()],
    ["is full", (answer: import("node:http").ServerResponse) => answer.writeHead(503).end()],
    ["dies before it answers", (answer: import("node:http").ServerResponse) => answer.destroy()],
  ] as const) {
    it(`ask the other server, and no client hears of it, when one ${what}`, async () => {
      engine(0).answer = (_, answer) => fail(answer);
      engine(1).answer = (_, answer) => answer.end("answered");
      // A prompt of 30,000 characters has to be kept for the second try.
      const body = JSON.stringify({ prompt: "x".repeat(30_000) });
      const before = engine(0).requests;
      const answers = await Promise.all(Array.from({ length: 20 }, () => front.complete({}, body)));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      assert.ok(engine(0).requests > before, "the failing one was asked");
    });
  }

  it("take out a server that does not answer its check, and take it back", async () => {
    engine(0).answer = (_, answer) => answer.end("answered");
    engine(0).health = 500;
    const shares = async () => {
      const before = engine(0).requests;
      await Promise.all(Array.from({ length: 10 }, () => front.complete()));
      return engine(0).requests - before;
    };
    let share = await shares();
    for (let tries = 0; share > 0 && tries < 100; tries++) share = await sleep(200).then(shares);
    assert.equal(share, 0);
    engine(0).health = 200;
    for (let tries = 0; share === 0 && tries < 100; tries++) share = await sleep(200).then(shares);
    assert.ok(share > 0, "it is asked again");
  });

  it("rotate keys and renew the certificate under load without a request lost, streams included", async () => {
    for (const at of [0, 1]) {
      engine(at).answer = (_, answer) => {
        answer.writeHead(200).write("first ");
        setTimeout(() => answer.end("last"), 300);
      };
    }
    const seen: Answer[] = [];
    const send = async (key: string, count: number) => {
      for (let at = 0; at < count; at++) seen.push(await front.complete({ authorization: `Bearer ${key}` }));
    };
    const old = Promise.all(Array.from({ length: 20 }, () => send(KEY, 10)));
    await sleep(500);
    front.setKeys(`${KEY} default\nsk-new second\n`);
    await until(200, () => front.complete({ authorization: "Bearer sk-new" }));
    await old;
    const fresh = Promise.all(Array.from({ length: 20 }, () => send("sk-new", 10)));
    await sleep(500);
    front.setKeys("sk-new second\n");
    const serial = await front.serial();
    rmSync(join(front.folder, "certificate.pem"));
    assert.match(front.renew(), /^a new certificate for 127\.0\.0\.1, ends /);
    await fresh;
    assert.notEqual(await front.serial(), serial);
    assert.equal(front.renew(), "");
    assert.equal(seen.length, 400);
    assert.deepEqual(
      seen.filter(({ status, body }) => status !== 200 || body !== "first last"),
      [],
    );
    assert.equal((await until(401, () => front.complete())).status, 401, "the old key is gone");
  });
});

/** On a host of its own, which no stack has, with nothing behind the gateway. */
describe("a host with a gateway, by itself", function () {
  this.timeout(180_000);
  const plan = planOf({ cost: { stopAfterIdleHours: 1 } });
  const paths = hostPaths(plan);
  let hosts: LocalHosts;
  let host: LocalHost;
  const run = async (script: string) => (await runOnHost(hosts, host, script)).stdout;

  before(async function () {
    needsRoot(this);
    await ensureSystemPackages(() => {});
    hosts = await openHosts({ count: 1, tree: await rootTree(() => {}) });
    host = hosts.hosts[0] ?? assert.fail("no host");
    await stepOnHost(hosts, host, "base-packages", { PACKAGES: "haproxy openssl" });
    await stepOnHost(hosts, host, "gateway", {
      ...{ UNIT: UNITS.gateway, UNIT_TEXT: gatewayUnit(plan), PORT: plan.deployment.gateway.port },
      ...{ CONFIG_FILE: paths.gatewayConfig, CONFIG: gatewayConfig(plan, ["127.0.0.1"]) },
      ...{ KEYS_FILE: paths.clientKeys, ENGINE_KEY_FILE: paths.engineKey, ENGINE_KEY },
      ...{ API_KEY: KEY, API_KEYS: "", API_KEYS_SECRET: "", OWN: "", OWN_FILE: paths.ownCertificate },
      ...{ DOMAIN: "", PUBLIC_ADDRESS: "", RECORD_WAIT_MINUTES: 1, AUTHORITY: paths.authority },
      ...{ CERTIFICATE: paths.certificate, CERTIFICATE_KIND: certificateKind(plan) },
      ...{ RENEW_FILE: `${paths.configuration}/certificate`, RENEW: readFileSync(RENEW, "utf8") },
      ...{ RENEW_UNIT: UNITS.certificate, RENEW_UNIT_TEXT: certificateUnit(plan, host.address) },
      ...{ TIMER: UNITS.certificateTimer, TIMER_TEXT: CERTIFICATE_TIMER },
    });
  });
  after(() => hosts && closeHosts(hosts));

  /** Serial number and end of the certificate that clients are shown. */
  const shown = () =>
    run(`openssl s_client -connect ${host.address}:443 -CAfile ${paths.authority}/root.pem -verify_return_error \
      </dev/null 2>/dev/null | openssl x509 -noout -serial -enddate`);

  it("renews its certificate when the timer says so and it is about to end, and HAProxy shows the new one", async () => {
    // What is about to end is made by the program, too: by other days.
    const short = "s/LEAF_DAYS=90 RENEW_DAYS=30/LEAF_DAYS=20 RENEW_DAYS=10/";
    await run(`cd ${paths.configuration}; cp -p certificate kept; sed -i '${short}' certificate
      rm ${paths.certificate}; systemctl start ${UNITS.certificate}; mv kept certificate`);
    const before = await shown();
    const gateway = await run(`systemctl show -p MainPID --value ${UNITS.gateway}`);
    // Its day comes at once.
    await run(`mkdir /run/systemd/system/${UNITS.certificateTimer}.d; systemctl stop ${UNITS.certificateTimer}
      printf '[Timer]\\nOnCalendar=\\nOnActiveSec=1\\nRandomizedDelaySec=0\\nAccuracySec=100ms\\n' \
        >/run/systemd/system/${UNITS.certificateTimer}.d/now.conf
      systemctl daemon-reload; systemctl start ${UNITS.certificateTimer}`);
    let now = before;
    for (let tries = 0; tries < 50 && now === before; tries++) now = await sleep(200).then(shown);
    const daysOf = (said: string) =>
      (Date.parse(said.split("notAfter=").at(-1) ?? "") - Date.now()) / 86_400_000;
    assert.ok(daysOf(before) < 21 && daysOf(now) > 89, `${before}, then ${now}`);
    assert.equal(await run(`systemctl show -p MainPID --value ${UNITS.gateway}`), gateway);
    const told = await run(`sed -n 's/^shardplan_certificate_end_seconds //p' ${paths.hostMetrics}/*.prom`);
    assert.equal(1000 * Number(told), Date.parse(now.split("notAfter=").at(-1) ?? ""));
    assert.match(
      await run(`journalctl -u ${UNITS.certificate} -o cat --no-pager`),
      /a new certificate for .*, ends /,
    );
  });

  it("shuts down when no key has asked for as long as is said, and not before", async () => {
    const stop = (unit: string, timer: string) =>
      stepOnHost(hosts, host, "stop", {
        ...{ UNIT: UNITS.stop, UNIT_TEXT: unit, TIMER: UNITS.stopTimer, TIMER_TEXT: timer },
        ...{ PROGRAM_FILE: `${paths.configuration}/stop`, PROGRAM: readFileSync(STOP, "utf8") },
      });
    const ask = (key: string) =>
      run(
        `curl -s -o /dev/null --cacert ${paths.authority}/root.pem -H 'Authorization: Bearer ${key}' https://${host.address}/v1/models`,
      );
    await stop(stopUnit(plan), stopTimer(plan));
    assert.match(await run(`systemctl list-timers ${UNITS.stopTimer} --no-pager`), /1 timers listed/);
    await ask(KEY);
    await run(`systemctl start ${UNITS.stop}`);
    assert.equal(
      await run(`journalctl -u ${UNITS.stop} -o cat --no-pager | grep -c 'shuts down' || true`),
      "0",
    );
    // Six seconds for an hour, and every two for every five minutes.
    const quick = stopUnit(plan).replace("IDLE_SECONDS=3600", "IDLE_SECONDS=6");
    await ask(KEY);
    await stop(quick, stopTimer(plan).replace("*:0/5", "*:*:0/2"));
    await sleep(3000);
    assert.ok(await isAlive(host.container), "a key has asked just now");
    // A wrong key is nobody's.
    await ask("sk-wrong");
    for (let tries = 0; tries < 150 && (await isAlive(host.container)); tries++) await sleep(200);
    assert.ok(!(await isAlive(host.container)), "it is off");
  });
});
