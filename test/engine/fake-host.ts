import { createHash } from "node:crypto";
import { Server, type ServerChannel, utils } from "ssh2";
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

/** Opens the host; only `authorizedKey` may log in. */
export async function openFakeHost(authorizedKey: string): Promise<FakeHost> {
  const own = newKeyPair();
  const received: ReceivedStep[] = [];
  const failures = new Map<string, string>();
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
          received.push({ step, action: / -- (\w+);/.exec(command)?.[1] ?? "", script });
          answer(channel, step, { failures, script });
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    hostKey: own.publicKey.split(" ").slice(0, 2).join(" "),
    received: () => received.splice(0),
    failNext: (step, words) => failures.set(step, words),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** As the host's script does: another for each key. */
function keyId(script: string): string {
  const key = /^API_KEY=(.*)$/m.exec(script)?.[1] ?? "";
  return createHash("sha256").update(key).digest("hex").slice(0, 8);
}

function answer(
  channel: ServerChannel,
  step: string,
  { failures, script }: { failures: Map<string, string>; script: string },
): void {
  const words = failures.get(step);
  failures.delete(step);
  if (words !== undefined) channel.stderr.write(`${words}\n`);
  else
    channel.write(
      `${JSON.stringify({ changes: 1, ...ANSWERS[step], ...(step === "vllm" ? { keyId: keyId(script) } : {}) })}\n`,
    );
  channel.exit(words === undefined ? 0 : 1);
  channel.end();
}
