import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { gatewayConfig, hostPaths, PORTS } from "../../lib/serving";
import { rootTree } from "../../rehearsal/hosts/root-tree";
import { ensureSystemPackages } from "../../rehearsal/hosts/system-packages";
import { planOf } from "../unit/serving/plan-fixture";
import { needsRoot } from "./local-host";

const KEY = "sk-test";
const PORT = 28443;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** The distribution's Caddy with the program's configuration, before a server that answers everything with 200. */
describe("the gateway's configuration in Caddy", function () {
  this.timeout(120_000);
  let folder: string;
  let upstream: Server;
  let caddy: ChildProcess;
  let ready: string;

  before(async function () {
    needsRoot(this);
    await ensureSystemPackages(() => {});
    const tree = await rootTree(() => {});
    folder = mkdtempSync(join(tmpdir(), "shardplan-gateway-"));
    ready = join(folder, "ready");
    upstream = createServer((asked, answer) => {
      asked.resume();
      asked.on("end", () => answer.end("answered"));
      asked.on("error", () => {});
    });
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const plan = planOf({ gateway: { port: PORT, extraPaths: ["/tokenize"] } });
    const config = gatewayConfig(plan, "127.0.0.1")
      .replaceAll(`127.0.0.1:${PORTS.vllm}`, `127.0.0.1:${(upstream.address() as { port: number }).port}`)
      .replaceAll(hostPaths(plan).ready.replace(/\/ready$/, ""), folder);
    writeFileSync(join(folder, "Caddyfile"), config);
    writeFileSync(ready, "");
    caddy = spawn(join(tree, "usr/bin/caddy"), ["run", "--config", "Caddyfile", "--adapter", "caddyfile"], {
      cwd: folder,
      env: { HOME: folder, XDG_DATA_HOME: folder, SHARDPLAN_API_KEY: KEY },
      stdio: ["ignore", "ignore", openSync(join(folder, "log"), "w")],
    });
    for (let tries = 0; tries < 100 && !(await isUp()); tries++) await sleep(100);
  });
  after(async () => {
    caddy?.kill();
    upstream?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const authority = () => join(folder, "caddy/pki/authorities/local/root.crt");
  const isUp = () =>
    existsSync(authority())
      ? ask("GET", "/health").then(
          () => true,
          () => false,
        )
      : Promise.resolve(false);

  function ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body = "",
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ca = readFileSync(authority());
      const call = request({ host: "127.0.0.1", port: PORT, method, path, headers, ca }, async (response) => {
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, body: await text(response) });
      });
      call.on("error", reject);
      call.end(body);
    });
  }

  const authorization = { authorization: `Bearer ${KEY}` };
  const complete = (headers: Record<string, string> = {}, body = "{}") =>
    ask(
      "POST",
      "/v1/completions",
      { ...authorization, "content-length": `${body.length}`, ...headers },
      body,
    );

  /** What comes back for half a request. */
  async function half(request: string): Promise<string> {
    const socket = connect({ host: "127.0.0.1", port: PORT, ca: readFileSync(authority()) });
    socket.write(request);
    return text(socket).catch(() => "");
  }

  it("lets completions with the key through, and nothing else", async () => {
    assert.equal((await complete()).status, 200);
    assert.equal((await complete({ authorization: "Bearer wrong" })).status, 401);
    assert.equal((await ask("POST", "/tokenize", { ...authorization, "content-length": "0" })).status, 200);
    for (const path of ["/metrics", "/invocations", "/v1/embeddings"]) {
      assert.equal((await ask("POST", path, { ...authorization, "content-length": "0" })).status, 404);
    }
    assert.equal((await ask("GET", "/v1/models", authorization)).status, 200);
  });

  it("gives each request an id, which it logs, and neither key nor prompt", async () => {
    const { headers } = await complete({}, '{"prompt":"secret prompt"}');
    const id = String(headers["x-request-id"]);
    assert.match(id, /^[0-9a-f-]{36}$/);
    const log = readFileSync(join(folder, "log"), "utf8");
    assert.ok(log.includes(id), log);
    assert.ok(!log.includes(KEY) && !log.includes("secret prompt"), `log: ${log}`);
  });

  it("says 503 and when to try again while vLLM does not serve, to everything", async () => {
    rmSync(ready);
    for (const answer of [await complete(), await ask("GET", "/health")]) {
      assert.equal(answer.status, 503);
      assert.equal(answer.headers["retry-after"], "10");
      assert.equal(JSON.parse(answer.body).error.code, 503);
    }
    writeFileSync(ready, "");
    assert.equal((await complete()).status, 200);
  });

  it("refuses a body that is too long for any prompt, or of which nobody says how long it is", async () => {
    assert.equal((await complete({ "content-length": "400000000" })).status, 413);
    assert.equal(
      (await ask("POST", "/v1/completions", { ...authorization, "transfer-encoding": "chunked" }, "{}"))
        .status,
      411,
    );
  });

  it("does not wait for the rest of half a request", async () => {
    const head = "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    const [inHead, inBody] = await Promise.all([
      half(head),
      half(`${head}Authorization: Bearer ${KEY}\r\nContent-Length: 100\r\n\r\n{`),
    ]);
    assert.match(inHead, /^(HTTP\/1\.1 4\d\d|$)/);
    assert.match(inBody, /^(HTTP\/1\.1 (4\d\d|503)|$)/);
  });
});
