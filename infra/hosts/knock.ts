import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ConnectConfig, utils } from "ssh2";

/** How to reach a host, and what key it must show. */
export interface Door {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA...` */
  readonly hostKey: string;
}

const TRIES = 3;
const TRY_SECONDS = 10;
const PAUSE_MS = 2000;

/**
 * Logs in to a host and out again. Returns what is wrong and what to do, or nothing when all is well.
 * Only silence is tried again: a refused key stays refused.
 */
export async function knock(door: Door): Promise<string | undefined> {
  const [type, key] = door.hostKey.trim().split(/\s+/);
  if (type === undefined || key === undefined) {
    return `hostKey is no public key; set it to what \`${scan(door)}\` prints, without the address`;
  }
  const parsed = utils.parseKey(door.privateKey);
  if (parsed instanceof Error) {
    return `the SSH private key cannot be read (${parsed.message}); give an unencrypted OpenSSH or PEM key`;
  }
  for (let tries = 1; ; tries++) {
    const seen: { hostKey?: string } = {};
    const error = await logIn(door, { type, key }, seen);
    if (error === undefined) return undefined;
    const refusal = refusalText(error, door, { type, key }, seen.hostKey);
    if (refusal !== undefined) return refusal;
    if (tries === TRIES && error.level === HUNG_UP) {
      return "ended the connection during the login; it may still be booting or limit logins: try again in a minute";
    }
    if (tries === TRIES) {
      return `no SSH answer on port ${door.port} (${error.message}); check address, port and firewall, and that the host is on`;
    }
    await sleep(PAUSE_MS);
  }
}

interface PinnedKey {
  readonly type: string;
  readonly key: string;
}

type SshError = Error & { level?: string };

/** `level` of the error that stands for a connection which the host closed without a word. */
const HUNG_UP = "hung-up";

function logIn(door: Door, pinned: PinnedKey, seen: { hostKey?: string }): Promise<SshError | undefined> {
  const client = new Client();
  const config: ConnectConfig = {
    host: door.address,
    port: door.port,
    username: door.user,
    privateKey: door.privateKey,
    readyTimeout: TRY_SECONDS * 1000,
    // Asks for the kind of key that is pinned, as the command plugin does.
    algorithms: { serverHostKey: [pinned.type] } as ConnectConfig["algorithms"],
    hostVerifier: (key: Buffer) => {
      seen.hostKey = key.toString("base64");
      return seen.hostKey === pinned.key;
    },
  };
  return new Promise((resolve) => {
    client.once("ready", () => {
      client.end();
      resolve(undefined);
    });
    client.on("error", (error: SshError) => {
      client.destroy();
      resolve(error);
    });
    // A server that hangs up during the login (a host that is still booting does, for all users but root) is no error
    // of the library, and its timeout is off by then.
    client.once("close", () => resolve(Object.assign(new Error("hung up"), { level: HUNG_UP })));
    client.connect(config);
  });
}

function refusalText(
  error: SshError,
  door: Door,
  pinned: PinnedKey,
  seenHostKey: string | undefined,
): string | undefined {
  if (seenHostKey !== undefined && seenHostKey !== pinned.key) {
    return (
      `the host key has changed: hostKey pins ${shorten(pinned.key)}, the host shows ${shorten(seenHostKey)}; ` +
      `if the host was reinstalled, set hostKey to what \`${scan(door)}\` prints, else somebody may be in between`
    );
  }
  if (error.message.includes("no matching host key format")) {
    return `the host has no ${pinned.type} key; set hostKey to a key that \`ssh-keyscan -p ${door.port} ${door.address}\` prints`;
  }
  if (error.level === "client-authentication") {
    return `refuses the SSH key for user ${door.user}; put its public half into that user's authorized_keys, or set another key`;
  }
  return undefined;
}

const scan = (door: Door) => `ssh-keyscan -p ${door.port} -t ed25519 ${door.address}`;

/** Keys of one kind begin alike: the end tells them apart. */
const shorten = (key: string) => `...${key.slice(-12)}`;
