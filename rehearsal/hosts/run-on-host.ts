import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type RemoteOutput, runRemoteCommand } from "../providers/remote-command";
import { connectionSchema } from "../providers/ssh-connection";
import type { LocalHost, LocalHosts } from "./local-hosts";

const silent = { status: () => {}, warn: () => {}, error: () => {} };

/** Runs a bash script as root on a local host over SSH; `stdin` follows the script. Throws when it fails. */
export async function runOnHost(hosts: LocalHosts, host: LocalHost, script: string): Promise<RemoteOutput> {
  const connection = connectionSchema.parse({
    host: host.address,
    hostKey: host.hostKey,
    privateKey: await readFile(hosts.privateKeyPath, "utf8"),
  });
  return runRemoteCommand(
    { connection, command: "bash -s", stdin: script, environment: {}, offered: {}, logging: "none" },
    silent,
  );
}

/** Digest of every file below the folders, with mode and owner: equal before and after what changes nothing. */
export async function hostDigest(
  hosts: LocalHosts,
  host: LocalHost,
  folders: readonly string[],
): Promise<string> {
  const listing = `find ${folders.join(" ")} -type f -printf '%p %m %U:%G ' -exec sha256sum {} + 2>/dev/null | sort`;
  const { stdout } = await runOnHost(hosts, host, listing);
  return createHash("sha256").update(stdout).digest("hex");
}
