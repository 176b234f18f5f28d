import { spawnSync } from "node:child_process";
import { PROJECT } from "../project";
import { adopt } from "./pending";

function pulumi(args: readonly string[], input?: string): string {
  const { status, stdout, error } = spawnSync("pulumi", args, {
    cwd: PROJECT,
    encoding: "utf8",
    stdio: [input === undefined ? "inherit" : "pipe", "pipe", "inherit"],
    maxBuffer: 2 ** 30,
    ...(input === undefined ? {} : { input }),
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`pulumi ${args.slice(0, 2).join(" ")} has failed`);
  return stdout;
}

/** `npm run adopt`: takes into the state what an `up` that was killed has made. */
function main([option, stack, ...pairs]: readonly string[]): void {
  if (option !== "--stack" || stack === undefined || pairs.length === 0) {
    throw new Error("usage: npm run adopt -- --stack STACK NAME=ID ...");
  }
  const ids = Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
  const { text, urns } = adopt(pulumi(["stack", "export", "--stack", stack]), ids);
  pulumi(["stack", "import", "--stack", stack], text);
  const targets = urns.flatMap((urn) => ["--target", urn]);
  if (targets.length > 0) {
    process.stdout.write(pulumi(["refresh", "--yes", "--skip-preview", "--stack", stack, ...targets]));
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`error: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
