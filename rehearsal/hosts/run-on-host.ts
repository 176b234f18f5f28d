import { readFile } from "node:fs/promises";
import { type RemoteOutput, runRemoteCommand } from "../providers/remote-command";
import { connectionSchema } from "../providers/ssh-connection";
import type { LocalHost, LocalHosts } from "./local-hosts";

/** Nothing that is asked of a local host takes longer; without a limit a service that hangs would hang the rehearsal. */
const LIMIT_SECONDS = 180;

const silent = { status: () => {}, warn: () => {}, error: () => {} };

/** Runs a bash script as root on a local host over SSH; `stdin` follows the script. Throws when it fails. */
export async function runOnHost(hosts: LocalHosts, host: LocalHost, script: string): Promise<RemoteOutput> {
  const connection = connectionSchema.parse({
    host: host.address,
    hostKey: host.hostKey,
    privateKey: await readFile(hosts.privateKeyPath, "utf8"),
  });
  return runRemoteCommand(
    {
      connection,
      command: `timeout --kill-after=10 ${LIMIT_SECONDS} bash -s`,
      stdin: script,
      environment: {},
      offered: {},
      logging: "none",
    },
    silent,
  );
}
