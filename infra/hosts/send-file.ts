import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import * as pulumi from "@pulumi/pulumi";
import { shellWord } from "../../lib/serving";
import { actionCommand } from "../remote-command-line";
import type { Host } from "./host";
import { runOnTarget, targetOf } from "./ssh-session";

const LIMIT_SECONDS = 120;

/**
 * Puts a text on a host, readable for all, unless it is there; the path, once it is. Over a session of our own: what goes
 * through a step stays in the stack's state. A preview sends nothing.
 */
export function sendFile(host: Host, path: string, text: string): pulumi.Output<string> {
  const sent = pulumi.all([host.connection, host.label]).apply(async ([connection, label]) => {
    if (pulumi.runtime.isDryRun()) return path;
    const run = (script: string) =>
      runOnTarget(targetOf(connection), {
        command: actionCommand("apply"),
        stdin: script,
        limitSeconds: LIMIT_SECONDS,
      });
    try {
      const sum = createHash("sha256").update(text).digest("hex");
      if ((await run(`sha256sum <${shellWord(path)}`)).stdout.startsWith(sum)) return path;
      const { code, stderr } = await run(writeScript(path, text));
      if (code !== 0) throw new Error(stderr.trim().split("\n").at(-1));
      return path;
    } catch (error) {
      throw new pulumi.RunError(
        `${label}: cannot write ${path} (${(error as Error).message}); run pulumi up again`,
      );
    }
  });
  // The connection holds a key; the path says nothing of it.
  return pulumi.unsecret(sent);
}

/** The whole file or none of it. */
const writeScript = (path: string, text: string): string => `set -euo pipefail
umask 022
mkdir -p "$(dirname ${shellWord(path)})"
base64 -d <<'END' | gzip -d >${shellWord(`${path}.partial`)}
${gzipSync(text).toString("base64")}
END
mv -f ${shellWord(`${path}.partial`)} ${shellWord(path)}
`;
