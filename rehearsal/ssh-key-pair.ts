import { utils } from "ssh2";

/** A key pair as OpenSSH writes it. */
export interface SshKeyPair {
  readonly private: string;
  readonly public: string;
}

/**
 * A new Ed25519 key pair. ssh2 1.17 writes about 3 of 1000 in a form that it cannot read itself ("Malformed OpenSSH
 * private key"), so a pair is handed out only once it has been read back.
 */
export function newSshKeyPair(comment = ""): SshKeyPair {
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519", { comment });
    if (!(utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
