import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
  /** Hears every line of output as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Lines of output that an error shows. */
const TAIL_LINES = 15;

/**
 * Runs a program and returns its standard output. An exit status other than 0 is an error that names the command
 * and shows the last lines of its output.
 */
export function runProgram(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env } });
    const stdout: string[] = [];
    const tail: string[] = [];
    const hear = (line: string) => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      options.onLine?.(line);
    };
    createInterface({ input: child.stdout }).on("line", (line) => {
      stdout.push(line);
      hear(line);
    });
    createInterface({ input: child.stderr }).on("line", hear);
    child.on("error", (error) => reject(new Error(`${command}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(stdout.join("\n"));
      else
        reject(
          new Error(`${[command, ...args].join(" ")}: ended with ${signal ?? code}\n${tail.join("\n")}`),
        );
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
  });
}

/** True when the program can be found on PATH. */
export async function hasProgram(name: string): Promise<boolean> {
  return runProgram("sh", ["-c", `command -v ${name}`]).then(
    () => true,
    () => false,
  );
}
