#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";
import { isMainThread } from "node:worker_threads";
import { buildProgram } from "./build-program";
import { COMMANDS } from "./commands";
import { requireOutFolder } from "./emit";
import type { ExitCode } from "./exit-codes";
import type { Io } from "./io";
import { packageVersion } from "./package-folder";
import { processIo } from "./process-io";
import { reportError } from "./report-error";
import { serveTrials } from "./trial-workers";

// A command is short: what V8 compiles for code that has hardly run costs more than it gains, a fifth of a plan's CPU time.
// Later versions of Node know the flag no more, and say so on stderr.
if (process.version.startsWith("v20.")) setFlagsFromString("--interrupt-budget=300000");

/** Runs one command line (without `node` and the script) and returns its exit code. Never throws. */
async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = 0;
  try {
    const program = buildProgram(COMMANDS, packageVersion(), async (spec, input) => {
      requireOutFolder(input.options);
      code = await spec.run(input, io);
    });
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    return reportError(error, io);
  }
}

if (isMainThread) {
  // The exit code is set, not forced: what is still in the pipe gets written.
  void main(process.argv.slice(2), processIo()).then((code) => {
    process.exitCode = code;
  });
} else serveTrials();
