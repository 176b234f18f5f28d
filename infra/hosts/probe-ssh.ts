import { setTimeout as sleep } from "node:timers/promises";
import { utils } from "ssh2";
import { HUNG_UP, logIn, PROHIBITED, pinnedKey, type SshError, type SshTarget } from "./ssh-session";

const TRIES = 3;
const PAUSE_MS = 2000;

/**
 * Logs in to a host and out again. Returns what is wrong and what to do, or nothing when all is well.
 * Only silence is tried again: a refused key stays refused.
 */
export async function probeSsh(target: SshTarget): Promise<string | undefined> {
  const pinned = pinnedKey(target);
  if (pinned === undefined) {
    return `hostKey is no public key; set it to what \`${scan(target)}\` prints, without the address`;
  }
  const parsed = utils.parseKey(target.privateKey);
  if (parsed instanceof Error) {
    return `the SSH private key cannot be read (${parsed.message}); give an unencrypted OpenSSH or PEM key`;
  }
  for (let tries = 1; ; tries++) {
    const seen: { hostKey?: string } = {};
    const error = await tryLogin(target, seen);
    if (error === undefined) return undefined;
    const refusal = refusalText(error, target, pinned, seen.hostKey);
    if (refusal !== undefined) return refusal;
    if (tries === TRIES && error.level === HUNG_UP) {
      return "ended the connection during the login; it may still be booting or limit logins: try again in a minute";
    }
    if (tries === TRIES) {
      return `no SSH answer on port ${target.port} (${error.message}); check address, port and firewall, and that the host is on`;
    }
    await sleep(PAUSE_MS);
  }
}

interface PinnedKey {
  readonly type: string;
  readonly key: string;
}

/** Undefined when the host let us in. */
const tryLogin = (target: SshTarget, seen: { hostKey?: string }): Promise<SshError | undefined> =>
  logIn(target, seen).then(
    (client) => {
      client.end();
      return undefined;
    },
    (error: SshError) => error,
  );

function refusalText(
  error: SshError,
  target: SshTarget,
  pinned: PinnedKey,
  seenHostKey: string | undefined,
): string | undefined {
  if (seenHostKey !== undefined && seenHostKey !== pinned.key) {
    return (
      `the host key has changed: hostKey pins ${shorten(pinned.key)}, the host shows ${shorten(seenHostKey)}; ` +
      `if the host was reinstalled, set hostKey to what \`${scan(target)}\` prints, else somebody may be in between`
    );
  }
  if (error.message.includes("no matching host key format")) {
    return `the host has no ${pinned.type} key; set hostKey to a key that \`${onBastion(target)}ssh-keyscan -p ${target.port} ${target.address}\` prints`;
  }
  if (error.level === "client-authentication") {
    return `refuses the SSH key for user ${target.user}; put its public half into that user's authorized_keys, or set another key`;
  }
  if (error.reason === PROHIBITED) {
    return "the bastion forwards nothing to it; allow that there (AllowTcpForwarding and PermitOpen of its sshd_config)";
  }
  return undefined;
}

/** What prints the host's key: on the bastion where it is behind one. */
const scan = (target: SshTarget) =>
  `${onBastion(target)}ssh-keyscan -p ${target.port} -t ed25519 ${target.address}`;

const onBastion = ({ via }: SshTarget) =>
  via === undefined ? "" : `ssh ${via.port === 22 ? "" : `-p ${via.port} `}${via.user}@${via.address} `;

/** Keys of one kind begin alike: the end tells them apart. */
const shorten = (key: string) => `...${key.slice(-12)}`;
