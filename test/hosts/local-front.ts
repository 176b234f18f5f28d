import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { engineServers, gatewayConfig, PORTS, serverPorts } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { rootTree } from "../../rehearsal/hosts/root-tree";
import { ensureSystemPackages } from "../../rehearsal/hosts/system-packages";

export const KEY = "sk-test-canary";
export const ENGINE_KEY = "engine-key-canary";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A server in vLLM's place; `answer` is what it does with requests other than the gateway's questions. */
export interface StandIn {
  answer: RequestListener;
  /** Status of its answers to the gateway's questions. */
  health: number;
  /** Requests that it got, the gateway's questions left out. */
  requests: number;
  readonly server: Server;
}

/** The distribution's HAProxy with the program's configuration and certificate, before stand-ins for a plan's servers. */
export interface LocalFront {
  readonly folder: string;
  readonly port: number;
  /** HAProxy's master. */
  readonly process: number;
  readonly engines: readonly StandIn[];
  authority(): Buffer;
  ask(method: string, path: string, headers?: Record<string, string>, body?: string): Promise<Answer>;
  /** A completion with the right key, unless `headers` say another. */
  complete(headers?: Record<string, string>, body?: string): Promise<Answer>;
  /** Sets the clients' keys and has the gateway take them over, as its step does. */
  setKeys(lines: string): void;
  /** Runs the program that renews the certificate, as its timer does; what it says. */
  renew(): string;
  /** Serial number of the certificate that clients are shown. */
  serial(): Promise<string>;
  close(): void;
}

/** The program that makes and renews the gateway's certificate. */
export const RENEW = join(__dirname, "../../infra/programs/certificate.sh");

/** @param edit What a test changes in the configuration, such as a time that would be too long to wait for. */
export async function openFront(plan: Plan, edit = (config: string) => config): Promise<LocalFront> {
  await ensureSystemPackages(() => {});
  const tree = await rootTree(() => {});
  const folder = mkdtempSync(join(tmpdir(), "shardplan-front-"));
  const port = plan.deployment.gateway.port;
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
      .replaceAll(/\/(run|etc)\/shardplan(-|\/)gateway/g, folder)
      .replaceAll(`127.0.0.1:${PORTS.gatewayInside}`, `127.0.0.1:${port - 10_000}`)
      .replaceAll(`127.0.0.1:${PORTS.gatewayMetrics}`, `unix@${folder}/counters mode 600`);
  const keys = join(folder, "keys.map");
  writeFileSync(keys, `${KEY} default\n`, { mode: 0o600 });
  writeFileSync(join(folder, "engine.map"), `engine ${ENGINE_KEY}\n`, { mode: 0o600 });
  const addresses = engines.map(() => "127.0.0.1");
  writeFileSync(join(folder, "haproxy.cfg"), edit(places(gatewayConfig(plan, addresses))));
  const secrets = join(folder, "secrets");
  mkdirSync(secrets);
  let gatewayProcess = 0;
  let loaded = 0;
  // Says which process is the gateway, and reloads it, as systemd does.
  const systemctl = join(folder, "systemctl");
  const renew = () => {
    const script = `#!/bin/sh\ncase "$*" in *MainPID*) echo ${gatewayProcess} ;; *Timestamp*) echo @${loaded} ;; reload*) kill -USR2 ${gatewayProcess} ;; esac\n`;
    writeFileSync(systemctl, script, { mode: 0o755 });
    const certificate = join(folder, "certificate.pem");
    const env = { KIND: "internal", NAME: "127.0.0.1", CERTIFICATE: certificate, GATEWAY_USER: "root" };
    const others = { AUTHORITY: join(secrets, "authority"), GATEWAY_UNIT: "gateway", CHALLENGE_PORT: "1" };
    const PATH = `${folder}:${process.env.PATH}`;
    const said = execFileSync(RENEW, { env: { ...env, ...others, PATH }, encoding: "utf8" });
    loaded = Math.ceil(Date.now() / 1000);
    return said;
  };
  renew();
  const log = openSync(join(folder, "log"), "w");
  const haproxy = spawn(join(tree, "usr/sbin/haproxy"), ["-W", "-db", "-f", "haproxy.cfg"], {
    cwd: folder,
    env: { LD_LIBRARY_PATH: join(tree, "usr/lib/x86_64-linux-gnu") },
    stdio: ["ignore", log, log],
  });
  gatewayProcess = haproxy.pid ?? 0;
  const authority = () => readFileSync(join(secrets, "authority/root.pem"));
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
    process: gatewayProcess,
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
    renew,
    serial: () =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: "127.0.0.1", port, ca: authority() }, () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        });
        socket.on("error", reject);
      }),
    close: () => {
      haproxy.kill();
      for (const { server } of engines) server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  for (let tries = 0; tries < 300; tries++) {
    const answer = await front.complete().catch(() => undefined);
    // A worker answers before its master hears signals: the reload of one that asks now would be lost.
    const heard = readFileSync(join(folder, "log"), "utf8").includes("Loading success");
    if (answer?.status === 200 && heard) break;
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
      // The gateway's own questions have this name.
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
