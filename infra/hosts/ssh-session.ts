import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { Client, type ConnectConfig } from "ssh2";

/** How to reach a host, and what key it must show. */
export interface SshTarget {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA...` */
  readonly hostKey: string;
  /** The bastion through which the host is reached. */
  readonly via?: SshTarget;
}

/** The connection of a host as its outputs have it. */
export interface PlainConnection {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  readonly privateKey?: string;
  readonly hostKey?: string;
  readonly proxy?: PlainConnection;
}

export const targetOf = ({ host, port, user, privateKey, hostKey, proxy }: PlainConnection): SshTarget => ({
  address: host,
  port: port ?? 22,
  user: user ?? "root",
  privateKey: privateKey ?? "",
  hostKey: hostKey ?? "",
  ...(proxy === undefined ? {} : { via: targetOf(proxy) }),
});

/** `reason` is that of a bastion which opened no way to the host, by the numbers of RFC 4254, 5.1. */
export type SshError = Error & { level?: string; reason?: number };

/** `reason` of a bastion that may not forward. */
export const PROHIBITED = 1;

/** `level` of the error that stands for a connection which the host closed without a word. */
export const HUNG_UP = "hung-up";

const LOGIN_SECONDS = 10;

/** The kind and the text of a public key. */
export function pinnedKey({ hostKey }: SshTarget): { type: string; key: string } | undefined {
  const [type, key] = hostKey.trim().split(/\s+/);
  return type === undefined || key === undefined ? undefined : { type, key };
}

/**
 * Logs in to a host that shows its pinned key, through its bastion where it has one. Rejects with an SshError; `seen` keeps
 * the key that the host showed.
 */
export async function logIn(target: SshTarget, seen: { hostKey?: string } = {}): Promise<Client> {
  if (target.via === undefined) return logInOver(undefined, target, seen);
  const bastion = await logIn(target.via);
  try {
    const client = await logInOver(await wayTo(target, bastion), target, seen);
    client.once("close", () => bastion.end());
    return client;
  } catch (error) {
    bastion.end();
    throw error;
  }
}

/** A way from the bastion to the host. */
const wayTo = ({ address, port }: SshTarget, bastion: Client): Promise<Duplex> =>
  new Promise((resolve, reject) =>
    bastion.forwardOut("127.0.0.1", 0, address, port, (error, channel) =>
      error ? reject(error) : resolve(channel),
    ),
  );

function logInOver(way: Duplex | undefined, target: SshTarget, seen: { hostKey?: string }): Promise<Client> {
  const client = new Client();
  const pinned = pinnedKey(target);
  const config: ConnectConfig = {
    ...(way === undefined ? { host: target.address, port: target.port } : { sock: way }),
    username: target.user,
    privateKey: target.privateKey,
    readyTimeout: LOGIN_SECONDS * 1000,
    // Asks for the kind of key that is pinned, as the command plugin does.
    algorithms: { serverHostKey: [pinned?.type] } as ConnectConfig["algorithms"],
    hostVerifier: (key: Buffer) => {
      seen.hostKey = key.toString("base64");
      return seen.hostKey === pinned?.key;
    },
  };
  return new Promise((resolve, reject) => {
    client.once("ready", () => resolve(client));
    client.on("error", (error: SshError) => {
      client.destroy();
      reject(error);
    });
    // A server that hangs up during the login (a host that is still booting does, for all users but root) is no error
    // of the library, and its timeout is off by then.
    client.once("close", () => reject(Object.assign(new Error("hung up"), { level: HUNG_UP })));
    client.connect(config);
  });
}

/** Runs one command on a host and returns what it wrote to its standard output. Rejects when that takes too long. */
export const askHost = async (target: SshTarget, question: Question): Promise<string> =>
  (await runOnTarget(target, question)).stdout;

/** How a command on a host has ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command on a host to its end. Rejects when that takes too long. */
export async function runOnTarget(target: SshTarget, question: Question): Promise<Ended> {
  const client = await logIn(target);
  const limit = setTimeout(() => client.destroy(), question.limitSeconds * 1000);
  try {
    return await new Promise<Ended>((resolve, reject) => {
      client.once("close", () => reject(new Error(`no answer in ${question.limitSeconds} s`)));
      client.exec(question.command, (error, channel) => {
        if (error) return reject(error);
        const code = new Promise<number | null>((done) =>
          channel.once("close", (status?: number) => done(status ?? null)),
        );
        Promise.all([text(channel), text(channel.stderr), code]).then(
          ([stdout, stderr, status]) => resolve({ code: status, stdout, stderr }),
          reject,
        );
        channel.end(question.stdin);
      });
    });
  } finally {
    clearTimeout(limit);
    client.end();
  }
}

/** A command with its standard input, and how long it may take. */
export interface Question {
  readonly command: string;
  readonly stdin: string;
  readonly limitSeconds: number;
}
