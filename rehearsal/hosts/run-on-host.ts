import { readFile } from "node:fs/promises";
import { type RemoteOutput, runRemoteCommand } from "../providers/remote-command";
import { connectionSchema } from "../providers/ssh-connection";

/** No look at a host takes longer; what does has hung, and says so. */
const LIMIT_SECONDS = 180;

const silent = { status: () => {}, warn: () => {}, error: () => {} };

/** Runs a bash script as root on a local host over SSH. Throws when it fails or takes too long (exit status 124). */
export async function runOnHost(
  { privateKeyPath }: { readonly privateKeyPath: string },
  { address, hostKey }: { readonly address: string; readonly hostKey: string },
  script: string,
): Promise<RemoteOutput> {
  const privateKey = await readFile(privateKeyPath, "utf8");
  const connection = connectionSchema.parse({ host: address, hostKey, privateKey });
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
