import { basename } from "node:path";

/**
 * What is typed to start shardplan: its name alone where it is installed for the whole machine, else by npx, which finds it in
 * a checkout, in a project's own packages and in the registry. Commands that are printed to be pasted begin with it.
 */
export function programName({ argv, env }: Pick<NodeJS.Process, "argv" | "env"> = process): string {
  const started = argv[1] ?? "";
  const isInstalled = basename(started) === "shardplan" && !/[\\/]node_modules[\\/]/.test(started);
  return isInstalled && env.npm_command === undefined ? "shardplan" : "npx shardplan";
}

/** A command of shardplan in a sentence, in backticks, as it has to be typed. */
export const inBackticks = (command: string): string => `\`${programName()} ${command}\``;

/** A command line of shardplan, also inside others, as it has to be typed. */
export const asTyped = (line: string): string => line.replace(/\bshardplan (?=[a-z])/g, `${programName()} `);
