import { createHash } from "node:crypto";
import { Client, type ConnectConfig, Server, type ServerChannel, utils } from "ssh2";
import { newSshKeyPair } from "../../rehearsal/ssh-key-pair";

/** One script that the program sent to the host. */
export interface ReceivedStep {
  readonly step: string;
  readonly action: string;
  readonly script: string;
}

/** An SSH server on loopback that takes the program's scripts, runs none of them, and answers as each would. */
export interface FakeHost {
  readonly port: number;
  /** `ssh-ed25519 AAAA...` */
  readonly hostKey: string;
  /** What came since the last call; looks, which change nothing, are not among it. */
  received(): ReceivedStep[];
  /** The next run of `step` fails with these last words. */
  failNext(step: string, words: string): void;
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
  "base-packages": { installed: ["caddy"] },
  firewall: {},
  watchdog: {},
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

/** Opens the host; only `authorizedKey` may log in. */
export async function openFakeHost(authorizedKey: string): Promise<FakeHost> {
  const own = newKeyPair();
  const received: ReceivedStep[] = [];
  const state: HostState = {
    failures: new Map(),
    marks: new Map(),
    drift: new Map(),
    starts: new Map(),
    clockSeconds: 0,
  };
  const authorized = utils.parseKey(authorizedKey);
  if (authorized instanceof Error) throw authorized;
  const server = new Server({ hostKeys: [own.privateKey] }, (client) => {
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
          if (action === "look") return answerLook(channel, step, state);
          received.push({ step, action, script });
          answer(channel, { step, action, script }, state);
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const closeWay = answerOnSshPort(port);
  return {
    port,
    hostKey: own.publicKey.split(" ").slice(0, 2).join(" "),
    received: () => received.splice(0),
    failNext: (step, words) => state.failures.set(step, words),
    drift: (step, words) => state.drift.set(step, words),
    setClockAhead: (seconds) => {
      state.clockSeconds = seconds;
    },
    close: () => {
      closeWay();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/**
 * Leads this process's own connections to loopback's SSH port to the fake host: the machines that the program makes have
 * port 22. Returns how to end that.
 */
function answerOnSshPort(port: number): () => void {
  const connect = Client.prototype.connect;
  Client.prototype.connect = function (this: Client, config: ConnectConfig) {
    const here = config.host === "127.0.0.1" && config.port === 22;
    return connect.call(this, here ? { ...config, port } : config);
  };
  return () => {
    Client.prototype.connect = connect;
  };
}

/** As the host's script does: another for each key. */
function keyId(script: string): string {
  const key = /^API_KEY=(.*)$/m.exec(script)?.[1] ?? "";
  return createHash("sha256").update(key).digest("hex").slice(0, 8);
}

/** What the host's own scripts would find there. */
interface HostState {
  readonly failures: Map<string, string>;
  /** Marks of complete runs, by step. */
  readonly marks: Map<string, string>;
  readonly drift: Map<string, string>;
  /** How often each step has run; for services, their starts. */
  readonly starts: Map<string, number>;
  /** How far its clock is ahead. */
  clockSeconds: number;
}

function answer(
  channel: ServerChannel,
  { step, action, script }: ReceivedStep,
  { failures, marks, drift, starts }: HostState,
): void {
  const words = failures.get(step);
  failures.delete(step);
  drift.delete(step);
  marks.delete(step);
  if (words !== undefined) channel.stderr.write(`${words}\n`);
  else {
    if (action === "apply") marks.set(step, /^MARK=(.*)$/m.exec(script)?.[1] ?? "");
    starts.set(step, (starts.get(step) ?? 0) + 1);
    const id = step === "vllm" ? { keyId: keyId(script) } : {};
    channel.write(
      `${JSON.stringify({ changes: 1, start: `${starts.get(step)}`, ...ANSWERS[step], ...id })}\n`,
    );
  }
  channel.exit(words === undefined ? 0 : 1);
  channel.end();
}

function answerLook(channel: ServerChannel, step: string, state: HostState): void {
  const { marks, drift } = state;
  const found = drift.get(step);
  const time = Math.round(Date.now() / 1000) + (step === "host-facts" ? state.clockSeconds : 0);
  const mark = marks.get(step) ?? null;
  channel.write(`${JSON.stringify({ mark, drift: found ? [found] : [], notes: [], time })}\n`);
  channel.exit(0);
  channel.end();
}
