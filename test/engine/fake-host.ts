import { createHash } from "node:crypto";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { type Connection, type ParsedKey, Server, type ServerChannel, utils } from "ssh2";
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
  /** From now on only this key may log in. */
  authorize(publicKey: string): void;
  /** What came since the last call. */
  received(): ReceivedStep[];
  /** The next run of `step` fails with these last words. */
  failNext(step: string, words: string): void;
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
  },
  "base-packages": { installed: ["caddy"] },
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

/**
 * Opens machines on `addresses`, one port for all. `hostKeyOf` gives the private host key of the machine that is behind
 * an address now: another machine has another one.
 */
export async function openFakeHost(
  addresses: readonly string[],
  hostKeyOf: (address: string) => string | undefined,
): Promise<FakeHost> {
  const received: ReceivedStep[] = [];
  const failures = new Map<string, string>();
  let authorized: ParsedKey | undefined;
  const greet = (client: Connection) => {
    client.on("error", () => {});
    client.on("authentication", (attempt) => {
      if (attempt.method !== "publickey") return attempt.reject(["publickey"]);
      if (!authorized || !attempt.key.data.equals(authorized.getPublicSSH()))
        return attempt.reject(["publickey"]);
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
          received.push({ step, action: / -- (\w+);/.exec(command)?.[1] ?? "", script });
          answer(channel, step, { failures, script });
        });
      });
    });
  };
  const sockets = new Set<Socket>();
  const accept = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    const key = hostKeyOf(socket.localAddress ?? "");
    if (key === undefined) socket.destroy();
    else new Server({ hostKeys: [key] }, greet).injectSocket(socket);
  };
  const servers: NetServer[] = [];
  let port = 0;
  for (const address of addresses) {
    const server = createServer(accept);
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    port = (server.address() as { port: number }).port;
    servers.push(server);
  }
  return {
    port,
    authorize: (publicKey) => {
      const parsed = utils.parseKey(publicKey);
      if (parsed instanceof Error) throw parsed;
      authorized = parsed;
    },
    received: () => received.splice(0),
    failNext: (step, words) => failures.set(step, words),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** What the answers of some scripts say of their own parameters. */
function derived(step: string, script: string): object {
  const parameter = (name: string) => new RegExp(`^${name}='?([^'\n]*)`, "m").exec(script)?.[1] ?? "";
  if (step === "host-facts") return { address: parameter("NODE_ADDRESS") };
  // Another for each key, as on a host.
  const keyId = createHash("sha256").update(parameter("API_KEY")).digest("hex").slice(0, 8);
  return step === "vllm" ? { keyId } : {};
}

function answer(
  channel: ServerChannel,
  step: string,
  { failures, script }: { failures: Map<string, string>; script: string },
): void {
  const words = failures.get(step);
  failures.delete(step);
  if (words !== undefined) channel.stderr.write(`${words}\n`);
  else channel.write(`${JSON.stringify({ changes: 1, ...ANSWERS[step], ...derived(step, script) })}\n`);
  channel.exit(words === undefined ? 0 : 1);
  channel.end();
}
