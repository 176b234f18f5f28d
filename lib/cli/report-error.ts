import { CommanderError } from "commander";
import { UserError } from "../config";
import { EXIT, type ExitCode } from "./exit-codes";
import type { Io } from "./io";

/** Tells the user what went wrong and returns the exit code: a line for their mistakes, a stack for ours. */
export function reportError(error: unknown, io: Io): ExitCode {
  io.progress("");
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.met : EXIT.mistake;
  if (error instanceof UserError) {
    io.talk(error.line);
    return EXIT.mistake;
  }
  io.talk(error instanceof Error ? (error.stack ?? error.message) : String(error));
  io.talk("this is a bug in shardplan: please report it with the command line and the stack file");
  return EXIT.bug;
}
