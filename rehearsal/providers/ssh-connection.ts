import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ConnectConfig, utils } from "ssh2";
import { z } from "zod";

/** `connection.proxy` of a remote.Command, with the defaults of @pulumi/command 1.2.1 (remote/connection.go). */
const proxySchema = z.object({
  host: z.string(),
  port: z.number().default(22),
  user: z.string().default("root"),
  password: z.string().optional(),
  privateKey: z.string().optional(),
  privateKeyPassword: z.string().optional(),
  agentSocketPath: z.string().optional(),
  dialErrorLimit: z.number().default(10),
  perDialTimeout: z.number().default(15),
  hostKey: z.string().optional(),
});

/** And the `connection` itself. */
export const connectionSchema = proxySchema.extend({ proxy: proxySchema.optional() });

export type SshConnection = z.infer<typeof connectionSchema>;
type Proxy = z.infer<typeof proxySchema>;

/** Backoff of Pulumi's retry.Until (sdk/go/common/util/retry/until.go). */
const FIRST_DELAY_MS = 100;
const DELAY_FACTOR = 1.5;
const LONGEST_DELAY_MS = 5000;

/** Go's net.Dialer: a probe every 15 s; the ninth that is not answered ends the connection. */
const KEEPALIVE_MS = 15_000;
const KEEPALIVE_TRIES = 9;

/**
 * Opens an SSH connection. A failed dial, which includes a refused key and a host key that differs, is tried
 * again up to `dialErrorLimit` times (-1: for ever); `onRetry` hears of each. Keys that cannot be read fail at once.
 */
export async function dial(connection: SshConnection, onRetry: (message: string) => void): Promise<Client> {
  // A test may answer on another port for addresses that are not its own.
  const port = Number(process.env.STAND_IN_SSH_PORT ?? connection.port);
  const config = connectConfig(connection);
  const retrying = { connection, onRetry };
  if (connection.proxy === undefined) {
    return withRetries({ ...retrying, what: "Dial" }, () => dialOnce({ ...config, port }, connection));
  }
  const proxy = await dialProxy(connection.proxy, onRetry);
  try {
    const sock = await withRetries({ ...retrying, what: "Dial from proxy" }, () =>
      forward(proxy, connection.host, port),
    ).catch(proxyError);
    // The plugin tries a handshake that has failed again over the same way, which is closed by then.
    const client = await dialOnce({ ...config, sock }, connection).catch((error: unknown) => {
      throw new Error(`proxy: ${dialErrorText(error, connection)}`);
    });
    client.once("close", () => proxy.end());
    return client;
  } catch (error) {
    proxy.end();
    throw error;
  }
}

const dialProxy = (proxy: Proxy, onRetry: (message: string) => void): Promise<Client> =>
  withRetries({ connection: proxy, onRetry, what: "Dial proxy" }, () =>
    dialOnce(connectConfig(proxy), proxy),
  ).catch(proxyError);

function proxyError(error: Error): never {
  throw new Error(`proxy: ${error.message}`);
}

const forward = (proxy: Client, host: string, port: number): Promise<Duplex> =>
  new Promise((resolve, reject) =>
    proxy.forwardOut("127.0.0.1", 0, host, port, (error, channel) =>
      error ? reject(error) : resolve(channel),
    ),
  );

interface Retrying {
  readonly connection: Proxy;
  readonly what: string;
  readonly onRetry: (message: string) => void;
}

async function withRetries<Result>(
  { connection, what, onRetry }: Retrying,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const limit = connection.dialErrorLimit;
  let delayMs = FIRST_DELAY_MS;
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (limit >= 0 && failures >= limit) {
        throw new Error(`after ${failures} failed attempts: ${dialErrorText(error, connection)}`);
      }
      onRetry(`${what} ${failures + 1}/${limit < 0 ? "inf" : limit} failed: retrying`);
    }
    await sleep(delayMs);
    delayMs = Math.min(delayMs * DELAY_FACTOR, LONGEST_DELAY_MS);
  }
}

function connectConfig(connection: Proxy): ConnectConfig {
  const { host, port, password, hostKey, privateKey, privateKeyPassword } = connection;
  const config: ConnectConfig = {
    host,
    port,
    username: connection.user,
    readyTimeout: connection.perDialTimeout * 1000,
    // Go's dialer keeps the plugin's connections alive, and so notices a host that vanished without a word.
    keepaliveInterval: KEEPALIVE_MS,
    keepaliveCountMax: KEEPALIVE_TRIES,
    agent: connection.agentSocketPath ?? process.env.SSH_AUTH_SOCK,
  };
  if (password !== undefined) Object.assign(config, { password, tryKeyboard: true });
  if (privateKey !== undefined) {
    const parsed = utils.parseKey(privateKey, privateKeyPassword);
    if (parsed instanceof Error) throw new Error(`ssh: no key found: ${parsed.message}`);
    Object.assign(config, { privateKey, passphrase: privateKeyPassword });
  }
  // As in 1.2.1, a host without a pinned key is not verified; the product always pins one.
  if (hostKey !== undefined) Object.assign(config, pinnedHostKey(hostKey));
  return config;
}

function pinnedHostKey(authorizedKey: string): Partial<ConnectConfig> {
  const [type, base64] = authorizedKey.trim().split(/\s+/);
  const parsed = utils.parseKey(authorizedKey.trim());
  if (parsed instanceof Error || !type || !base64) {
    throw new Error("failed to parse host key: ssh: no key found");
  }
  const expected = Buffer.from(base64, "base64");
  return {
    hostVerifier: (key: Buffer) => key.equals(expected),
    algorithms: { serverHostKey: [type] } as ConnectConfig["algorithms"],
  };
}

function dialOnce(config: ConnectConfig, connection: Proxy): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.once("ready", () => {
      client.removeAllListeners("error");
      // A connection lost later shows as a command without an exit status.
      client.on("error", () => {});
      resolve(client);
    });
    client.once("error", (error) => {
      client.on("error", () => {});
      client.destroy();
      reject(error);
    });
    // A server that hangs up during the login is no error of the library, and its timeout is off by then.
    client.once("close", () => reject(new Error("EOF")));
    client.on("keyboard-interactive", (_name, _instructions, _language, prompts, finish) =>
      finish(prompts.map(() => connection.password ?? "")),
    );
    client.connect(config);
  });
}

/** The words that Go's network and SSH packages have for the error, which is what the real plugin prints. */
function dialErrorText(error: unknown, { host, port }: Proxy): string {
  const { code, level, message } = error as { code?: string; level?: string; message: string };
  const dialed = `dial tcp ${host}:${port}:`;
  const known: Record<string, string> = {
    ECONNREFUSED: `${dialed} connect: connection refused`,
    EHOSTUNREACH: `${dialed} connect: no route to host`,
    ENETUNREACH: `${dialed} connect: network is unreachable`,
    ETIMEDOUT: `${dialed} i/o timeout`,
    ENOTFOUND: `dial tcp: lookup ${host}: no such host`,
    EAI_AGAIN: `dial tcp: lookup ${host}: no such host`,
  };
  if (code && known[code]) return known[code];
  if (level === "client-timeout") return `${dialed} i/o timeout`;
  if (level === "client-authentication") {
    return "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain";
  }
  if (message.includes("Host denied")) return "ssh: handshake failed: ssh: host key mismatch";
  if (message.includes("no matching host key format")) {
    return "ssh: handshake failed: ssh: no common algorithm for host key";
  }
  return `ssh: handshake failed: ${message}`;
}
