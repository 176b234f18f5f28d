import { CommanderError } from "commander";
import { nearestName, UserError } from "../config";
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

/** What commander says, each with the same in plain words. */
const SAID: readonly (readonly [RegExp, (parts: readonly string[]) => string])[] = [
  [
    /^\S+ value '(.*)' is invalid for argument '.*'\. Allowed choices are (.*?)\.?$/,
    ([given = "", choices = ""]) => `'${given}' is none of ${choices}${meantBy(given, choices)}`,
  ],
  [
    /^option '(?:.*, )?(--\S+).*' argument '(.*)' is invalid\. Allowed choices are (.*?)\.?$/,
    ([flag = "", given = "", choices = ""]) =>
      `${flag}: '${given}' is none of ${choices}${meantBy(given, choices)}`,
  ],
  [
    /^option '(?:.*, )?(--\S+) (\S+)' argument missing$/,
    ([flag = "", what = ""]) => `${flag} needs what it is to take: ${flag} ${what}`,
  ],
  [
    /^too many arguments for '(.*)'\. Expected (\d+) arguments? but got (\d+)/,
    ([command = "", most = "", given = ""]) => `${command} takes ${most} arguments, not ${given}`,
  ],
];

function meantBy(given: string, choices: string): string {
  const near = nearestName(given, choices.split(", "));
  return near === undefined ? "" : `; did you mean ${near}?`;
}

/** commander says what is wrong on one line and what was meant on the next. */
function usageLine(message: string): string {
  const [what = "", ...hints] = message.replace(/^error: /, "").split("\n");
  for (const [pattern, words] of SAID) {
    const parts = pattern.exec(what);
    if (parts) return `${words(parts.slice(1))}; \`--help\` shows the usage`;
  }
  const meant = hints.map((hint) => hint.replace(/^\(Did you mean (.*)\?\)$/, "did you mean $1?"));
  return [what.replace(/\.$/, ""), ...meant, "`--help` shows the options"].join("; ");
}
