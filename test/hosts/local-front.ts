import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { balancerConfig, engineServers, gatewayConfig, PORTS, serverPorts } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { rootTree } from "../../rehearsal/hosts/root-tree";
import { ensureSystemPackages } from "../../rehearsal/hosts/system-packages";

export const KEY = "sk-test";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A server in vLLM's place; `answer` is what it does with requests other than the balancer's questions. */
export interface StandIn {
  answer: RequestListener;
  /** Status of its answers to the balancer's questions. */
  health: number;
  /** Requests that it got, the balancer's questions left out. */
  requests: number;
  readonly server: Server;
}

/** The distribution's Caddy and HAProxy with the program's configurations, before stand-ins for a plan's servers. */
export interface LocalFront {
  readonly folder: string;
  readonly port: number;
  readonly engines: readonly StandIn[];
  authority(): Buffer;
  ask(method: string, path: string, headers?: Record<string, string>, body?: string): Promise<Answer>;
  /** A completion with the right key, unless `headers` say another. */
  complete(headers?: Record<string, string>, body?: string): Promise<Answer>;
  /** Sets the clients' keys and has the balancer take them over, as its step does. */
  setKeys(lines: string): void;
  close(): void;
}

export async function openFront(plan: Plan): Promise<LocalFront> {
  await ensureSystemPackages(() => {});
  const tree = await rootTree(() => {});
  const folder = mkdtempSync(join(tmpdir(), "shardplan-front-"));
  const engines = await Promise.all(engineServers(plan).map(openStandIn));
  const places = (config: string) =>
    engineServers(plan)
      .reduce(
        (text, server, at) =>
          text.replace(
            `127.0.0.1:${serverPorts(server).vllm} check`,
            `127.0.0.1:${portOf(engines[at])} check`,
          ),
        config,
      )
      .replaceAll(/\/(run|etc)\/shardplan(-balancer|\/balancer)/g, folder)
      .replaceAll(`127.0.0.1:${PORTS.balancer}`, `127.0.0.1:${plan.deployment.gateway.port - 10_000}`);
  const keys = join(folder, "keys.map");
  writeFileSync(keys, `${KEY} default\n`);
  writeFileSync(
    join(folder, "haproxy.cfg"),
    places(
      balancerConfig(
        plan,
        engines.map(() => "127.0.0.1"),
      ),
    ),
  );
  writeFileSync(join(folder, "Caddyfile"), places(gatewayConfig(plan, "127.0.0.1")));
  const log = openSync(join(folder, "log"), "w");
  const start = (program: string, args: string[]): ChildProcess =>
    spawn(join(tree, program), args, {
      cwd: folder,
      env: {
        HOME: folder,
        XDG_DATA_HOME: folder,
        SHARDPLAN_ENGINE_KEY: "engine-key",
        LD_LIBRARY_PATH: join(tree, "usr/lib/x86_64-linux-gnu"),
      },
      stdio: ["ignore", log, log],
    });
  const haproxy = start("usr/sbin/haproxy", ["-W", "-db", "-f", "haproxy.cfg"]);
  const caddy = start("usr/bin/caddy", ["run", "--config", "Caddyfile", "--adapter", "caddyfile"]);
  const port = plan.deployment.gateway.port;
  const authority = () => readFileSync(join(folder, "caddy/pki/authorities/local/root.crt"));
  const ask: LocalFront["ask"] = (method, path, headers = {}, body = "") =>
    new Promise((resolve, reject) => {
      const ca = authority();
      const call = request({ host: "127.0.0.1", port, method, path, headers, ca }, async (response) => {
        const { statusCode: status = 0, headers: received } = response;
        text(response).then((said) => resolve({ status, headers: received, body: said }), reject);
      });
      call.on("error", reject);
      call.end(body);
    });
  const front: LocalFront = {
    folder,
    port,
    engines,
    authority,
    ask,
    complete: (headers = {}, body = "{}") =>
      ask(
        "POST",
        "/v1/completions",
        { authorization: `Bearer ${KEY}`, "content-length": `${body.length}`, ...headers },
        body,
      ),
    setKeys: (lines) => {
      writeFileSync(keys, lines);
      haproxy.kill("SIGUSR2");
    },
    close: () => {
      haproxy.kill();
      caddy.kill();
      for (const { server } of engines) server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const isUp = () => existsSync(join(folder, "caddy/pki/authorities/local/root.crt")) && front.complete();
  for (let tries = 0; tries < 300; tries++) {
    const answer = await Promise.resolve(isUp()).catch(() => false as const);
    if (answer && answer.status === 200) break;
    await sleep(100);
  }
  for (const engine of engines) engine.requests = 0;
  return front;
}

const portOf = (engine?: StandIn) => (engine ? (engine.server.address() as { port: number }).port : 0);

async function openStandIn(): Promise<StandIn> {
  const server = createServer((asked, answer) => {
    asked.resume();
    asked.on("error", () => {});
    asked.on("end", () => {
      // The balancer's own questions have this name.
      if (asked.headers.host === "localhost") answer.writeHead(engine.health).end("{}");
      else {
        engine.requests += 1;
        engine.answer(asked, answer);
      }
    });
  });
  const engine: StandIn = {
    answer: (_, answer) => answer.end("answered"),
    health: 200,
    requests: 0,
    server,
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return engine;
}
