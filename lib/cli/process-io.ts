import { readFileSync } from "node:fs";
import type { Io } from "./io";

/** The widest a report gets, and what it has where there is no terminal. */
const WIDTH = 100;

/** `Io` over this process. A reader that goes away (`| head`) ends the program quietly. */
export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit();
      throw error;
    });
  }
  return {
    out: (text) => void process.stdout.write(text),
    talk: (line) => void process.stderr.write(`${line}\n`),
    progress: (text) => {
      // Back to the first column and clear the line; only people watching a terminal want it.
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
    },
    readStdin: () => readFileSync(0, "utf8"),
    color: wantsColor(),
    width: Math.min(WIDTH, process.stdout.columns ?? WIDTH),
    folder: ".",
  };
}

/** NO_COLOR (no-color.org) wins; FORCE_COLOR turns colours on without a terminal. */
function wantsColor(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0") return true;
  return process.stdout.isTTY === true && TERM !== "dumb";
}
