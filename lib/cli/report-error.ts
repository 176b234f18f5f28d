import { CommanderError } from "commander";
import { UserError } from "../config";
import { EXIT, type ExitCode } from "./exit-codes";
import type { Io } from "./io";

/** Tells the user what went wrong and returns the exit code: a line for their mistakes, a stack for ours. */
export function reportError(error: unknown, io: Io): ExitCode {
  io.progress("");
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.met;
    if (error.code !== "commander.help") io.talk(usageLine(error.message));
    return EXIT.mistake;
  }
  if (error instanceof UserError) {
    io.talk(error.line);
    return EXIT.mistake;
  }
  io.talk(error instanceof Error ? (error.stack ?? error.message) : String(error));
  io.talk("this is a bug in shardplan: please report it with the command line and the stack file");
  return EXIT.bug;
}

/** commander says what is wrong on one line and what was meant on the next. */
function usageLine(message: string): string {
  const [what = "", ...hints] = message.replace(/^error: /, "").split("\n");
  const [, given, kind, choices] =
    /^\S+ value '(.*)' is invalid for argument '(.*)'\. Allowed choices are (.*)$/.exec(what) ?? [];
  if (choices !== undefined)
    return `'${given}' is none of the ${kind}, which are ${choices.replace(/\.$/, "")}`;
  const meant = hints.map((hint) => hint.replace(/^\(Did you mean (.*)\?\)$/, "did you mean $1?"));
  return [what.replace(/\.$/, ""), ...meant, "`--help` shows the options"].join("; ");
}
