import { createHash } from "node:crypto";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import {
  Client,
  type ConnectConfig,
  type Connection,
  type ParsedKey,
  Server,
  type ServerChannel,
  utils,
} from "ssh2";
import { newSshKeyPair } from "../../rehearsal/ssh-key-pair";

/** One script that the program sent to the host. */
export interface ReceivedStep {
  readonly step: string;
  readonly action: string;
  readonly script: string;
}

/** SSH servers on loopback that take the program's scripts, run none of them, and answer as each would. */
export interface FakeHost {
  readonly port: number;
  /** `ssh-ed25519 AAAA...` of a host that is not one of several machines. */
  readonly hostKey: string;
  /** From now on only this key may log in. */
  authorize(publicKey: string): void;
  /** What came since the last call; looks, which change nothing, are not among it. */
  received(): ReceivedStep[];
  /** Files that the program has sent beside its steps, by their path. */
  readonly files: ReadonlyMap<string, string>;
  /** The next run of `step` fails with these last words. */
  failNext(step: string, words: string): void;
  /** The next run of `step` stands still and never ends; resolves when it has come. */
  holdNext(step: string): Promise<void>;
  /** The next look at `step` finds this, until it runs again. */
  drift(step: string, words: string): void;
  /** Sets the host's clock ahead. */
  setClockAhead(seconds: number): void;
  close(): Promise<void>;
}

/** The JSON lines that the scripts of infra/steps print last, as a p5.48xlarge would have them. */
const ANSWERS: Record<string, object> = {
  "host-facts": {
    os: "Ubuntu 24.04.3 LTS",
    kernel: "6.17.0-1007-aws",
    cpus: 192,
    memoryBytes: 2_199_023_255_552,
    gpus: 8,
    gpuName: "NVIDIA H100 80GB HBM3",
    address: "10.42.0.10",
    interface: "ens32",
    addresses: ["10.42.0.10"],
  },
  "base-packages": { installed: ["haproxy"] },
  firewall: {},
  efa: { interfaces: 32, plugin: "/opt/amazon/ofi-nccl/lib/libnccl-net.so" },
  "efa-traffic": { bytes: 4_000_000 },
  watchdog: {},
  monitoring: {},
  publisher: {},
  stop: {},
  balanced: {},
  drained: {},
  load: {
    completed: 480,
    failed: 0,
    seconds: 60,
    outputTokensPerSecond: 1200,
    firstToken: { p50: 90, p99: 400 },
    decode: { p50: 12, p99: 40 },
    prefill: { p50: [0, 300], p99: [0, 300] },
  },
  driver: { driver: "595.71.05", skipped: "" },
  "python-environment": { python: "3.12.3", vllm: "0.33.0", ray: "2.60.0" },
  weights: { path: "/models", files: 30, bytes: 141_107_412_992 },
  ray: { node: "10.42.0.10" },
  vllm: { version: "0.33.0", kvCacheTokens: 1_250_000 },
  gateway: { certificateAuthority: "-----BEGIN CERTIFICATE-----\n" },
  verify: { text: " I am fine.", completionTokens: 100, seconds: 1.2, model: "m", version: "0.33.0" },
};

/** A new key pair as OpenSSH writes it. */
export function newKeyPair(): { privateKey: string; publicKey: string } {
  const { private: privateKey, public: publicKey } = newSshKeyPair();
  return { privateKey, publicKey: publicKey.trim() };
}

/** Machines that come and go behind the addresses of the host. */
export interface FakeMachines {
  readonly addresses: readonly string[];
  /** Private host key of the machine that is behind an address now: another machine has another one. */
  hostKeyOf(address: string): string | undefined;
}

/** Opens the host, one port for all of its addresses; only `authorizedKey` may log in. */
export async function openFakeHost(authorizedKey: string, machines?: FakeMachines): Promise<FakeHost> {
  const own = newKeyPair();
  const received: ReceivedStep[] = [];
  const shared = { failures: new Map(), holds: new Map(), drift: new Map(), clockSeconds: 0 };
  const files = new Map<string, string>();
  const states = new Map<string, HostState>();
  const stateOf = (key: string): HostState => {
    const state = states.get(key) ?? { shared, marks: new Map(), starts: new Map() };
    states.set(key, state);
    return state;
  };
  let authorized = readKey(authorizedKey);
  const greet = (state: HostState) => (client: Connection) => {
    client.on("error", () => {});
    client.on("authentication", (attempt) => {
      if (attempt.method !== "publickey") return attempt.reject(["publickey"]);
      if (!attempt.key.data.equals(authorized.getPublicSSH())) return attempt.reject(["publickey"]);
      attempt.accept();
    });
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        let script = "";
        channel.setEncoding("utf8");
        channel.on("data", (text: string) => {
          script += text;
        });
        channel.on("end", () => {
          const step = /^run_step (\S+) "\$@"$/m.exec(script)?.[1] ?? "";
          const action = / -- (\w+);/.exec(command)?.[1] ?? "";
          if (step === "") return answerFile(channel, script, files);
          if (action === "look") return answerLook(channel, { step, script }, state);
          received.push({ step, action, script });
          answer(channel, { step, action, script }, state);
        });
      });
    });
  };
  const sockets = new Set<Socket>();
  const accept = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    const key = machines ? machines.hostKeyOf(socket.localAddress ?? "") : own.privateKey;
    if (key === undefined) socket.destroy();
    else new Server({ hostKeys: [key] }, greet(stateOf(key))).injectSocket(socket);
  };
  const addresses = machines?.addresses ?? ["127.0.0.1"];
  const servers: NetServer[] = [];
  let port = 0;
  for (const address of addresses) {
    const server = createServer(accept);
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    port = (server.address() as { port: number }).port;
    servers.push(server);
  }
  const closeWay = answerOnSshPort(addresses, port);
  return {
    port,
    hostKey: own.publicKey.split(" ").slice(0, 2).join(" "),
    authorize: (publicKey) => {
      authorized = readKey(publicKey);
    },
    received: () => received.splice(0),
    files,
    failNext: (step, words) => shared.failures.set(step, words),
    holdNext: (step) => new Promise((resolve) => shared.holds.set(step, resolve)),
    drift: (step, words) => shared.drift.set(step, words),
    setClockAhead: (seconds) => {
      shared.clockSeconds = seconds;
    },
    close: async () => {
      closeWay();
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function readKey(publicKey: string): ParsedKey {
  const parsed = utils.parseKey(publicKey);
  if (parsed instanceof Error) throw parsed;
  return parsed;
}

/**
 * Leads this process's own connections to the SSH port of these addresses to the fake host: the machines that the program makes have
 * port 22. Returns how to end that.
 */
function answerOnSshPort(addresses: readonly string[], port: number): () => void {
  const connect = Client.prototype.connect;
  Client.prototype.connect = function (this: Client, config: ConnectConfig) {
    const here = addresses.includes(config.host ?? "") && config.port === 22;
    return connect.call(this, here ? { ...config, port } : config);
  };
  return () => {
    Client.prototype.connect = connect;
  };
}

/** What the answers of some scripts say of their own parameters. */
function derived(step: string, script: string): object {
  const parameter = (name: string) => new RegExp(`^${name}='?([^'\n]*)`, "m").exec(script)?.[1] ?? "";
  const address = parameter("NODE_ADDRESS");
  if (step === "host-facts") return { address, addresses: [address] };
  // Another for each key, as on a host.
  const keyId = createHash("sha256").update(parameter("API_KEY")).digest("hex").slice(0, 8);
  return step === "gateway" ? { keyId } : {};
}

/** A host runs some steps once for each of its servers. */
const keyOf = (step: string, script: string): string =>
  `${step}${/^INSTANCE='?([^'\n]*)/m.exec(script)?.[1] ?? ""}`;

/** What the host's own scripts would find there. */
interface HostState {
  /** What a test sets for all machines. */
  readonly shared: {
    readonly failures: Map<string, string>;
    readonly holds: Map<string, () => void>;
    readonly drift: Map<string, string>;
    /** How far the clock is ahead. */
    clockSeconds: number;
  };
  /** Marks of complete runs, by step and the server that it is for. */
  readonly marks: Map<string, string>;
  /** How often each step has run for a server; for services, their starts. */
  readonly starts: Map<string, number>;
}

function answer(
  channel: ServerChannel,
  { step, action, script }: ReceivedStep,
  { shared: { failures, holds, drift }, marks, starts }: HostState,
): void {
  const held = holds.get(step);
  if (held !== undefined) {
    holds.delete(step);
    held();
    return;
  }
  const key = keyOf(step, script);
  const words = failures.get(step);
  failures.delete(step);
  drift.delete(step);
  marks.delete(key);
  if (words !== undefined) channel.stderr.write(`${words}\n`);
  else {
    if (action === "apply") marks.set(key, /^MARK=(.*)$/m.exec(script)?.[1] ?? "");
    starts.set(key, (starts.get(key) ?? 0) + 1);
    channel.write(
      `${JSON.stringify({ changes: 1, start: `${starts.get(key)}`, ...ANSWERS[step], ...derived(step, script) })}\n`,
    );
  }
  channel.exit(words === undefined ? 0 : 1);
  channel.end();
}

/** What infra/hosts/send-file.ts asks for: the sum of a file, or to write it. */
function answerFile(channel: ServerChannel, script: string, files: Map<string, string>): void {
  const asked = /^sha256sum <(\S+)$/.exec(script)?.[1];
  if (asked === undefined) {
    const content = /<<'END'.*\n(.*)\nEND$/m.exec(script)?.[1] ?? "";
    const path = /^mv -f \S+ (\S+)$/m.exec(script)?.[1] ?? "";
    files.set(path, gunzipSync(Buffer.from(content, "base64")).toString());
  } else if (files.has(asked)) {
    channel.write(
      createHash("sha256")
        .update(files.get(asked) ?? "")
        .digest("hex"),
    );
  }
  channel.exit(0);
  channel.end();
}

function answerLook(
  channel: ServerChannel,
  { step, script }: Pick<ReceivedStep, "step" | "script">,
  state: HostState,
): void {
  const { marks, shared } = state;
  const found = shared.drift.get(step);
  const time = Math.round(Date.now() / 1000) + (step === "host-facts" ? shared.clockSeconds : 0);
  const mark = marks.get(keyOf(step, script)) ?? null;
  channel.write(`${JSON.stringify({ mark, drift: found ? [found] : [], notes: [], time })}\n`);
  channel.exit(0);
  channel.end();
}
