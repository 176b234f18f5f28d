import { spawnSync } from "node:child_process";
import { join } from "node:path";

export const ROOT = join(__dirname, "../../..");

/** What a command line gave. */
export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The simulation of a test need not be long: the fewest requests that the schema takes. */
export const QUICK = ["--set", "workload.simulatedRequests=100"];

/** Runs the real command line as `npm run shardplan` does, in `cwd` (the repository unless told otherwise). */
export function runCli(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): CliResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts/start.mjs"), ...args], {
    cwd: options.cwd ?? ROOT,
    // Without what this test runner set for itself.
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "", FORCE_COLOR: "", ...options.env },
    encoding: "utf8",
    input: options.input ?? "",
    maxBuffer: 64 * 2 ** 20,
  });
  return { status, stdout, stderr };
}
