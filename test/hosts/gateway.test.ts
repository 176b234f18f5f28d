import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { planOf } from "../unit/serving/plan-fixture";
import { type Answer, KEY, type LocalFront, openFront } from "./local-front";
import { needsRoot } from "./local-host";

const authorization = { authorization: `Bearer ${KEY}` };

/** Asks until it is answered with the status; what was answered last. */
async function until(status: number, ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (answer.status === status || tries === 150) return answer;
    await sleep(200);
  }
}

describe("gateway and balancer before one server", function () {
  this.timeout(120_000);
  let front: LocalFront;

  before(async function () {
    needsRoot(this);
    front = await openFront(planOf({ gateway: { port: 28443, extraPaths: ["/tokenize"] } }));
  });
  after(() => front?.close());

  /** What comes back for half a request. */
  async function half(request: string): Promise<string> {
    const socket = connect({ host: "127.0.0.1", port: front.port, ca: front.authority() });
    socket.write(request);
    return text(socket).catch(() => "");
  }

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

  it("show the server a key of its own in place of the client's", async () => {
    const [engine] = front.engines;
    assert.ok(engine, "a server");
    let shown = "";
    engine.answer = (asked, answer) => {
      shown = `${asked.headers.authorization}`;
      answer.end("answered");
    };
    assert.equal((await front.complete()).status, 200);
    assert.equal(shown, "Bearer engine-key");
    assert.equal((await front.complete()).headers["x-client"], "default");
  });

  it("give each request an id, which is logged, and neither key nor prompt", async () => {
    const { headers } = await front.complete({}, '{"prompt":"secret prompt"}');
    const id = String(headers["x-request-id"]);
    assert.match(id, /^[0-9a-f-]{36}$/);
    const log = readFileSync(join(front.folder, "log"), "utf8");
    assert.ok(log.includes(id), log);
    assert.ok(!log.includes(KEY) && !log.includes("secret prompt"), `log: ${log}`);
  });

  it("refuse a body that is too long for any prompt, or of which nobody says how long it is", async () => {
    assert.equal((await front.complete({ "content-length": "400000000" })).status, 413);
    const chunked = { ...authorization, "transfer-encoding": "chunked" };
    assert.equal((await front.ask("POST", "/v1/completions", chunked, "{}")).status, 411);
  });

  it("do not wait for the rest of half a request", async () => {
    const head = "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    const [inHead, inBody] = await Promise.all([
      half(head),
      half(`${head}Authorization: Bearer ${KEY}\r\nContent-Length: 100\r\n\r\n{`),
    ]);
    assert.match(inHead, /^(HTTP\/1\.1 4\d\d|$)/);
    assert.match(inBody, /^(HTTP\/1\.1 (4\d\d|503)|$)/);
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

describe("gateway and balancer before two servers", function () {
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

  it("rotate keys under load without a request lost, streams included", async () => {
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
    await fresh;
    assert.equal(seen.length, 400);
    assert.deepEqual(
      seen.filter(({ status, body }) => status !== 200 || body !== "first last"),
      [],
    );
    assert.equal((await until(401, () => front.complete())).status, 401, "the old key is gone");
  });
});
