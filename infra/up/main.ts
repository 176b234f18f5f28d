import { spawn, spawnSync } from "node:child_process";
import { TRIED_ZONES } from "../aws/tried-zones";
import { PROJECT } from "../project";
import { explainEnd } from "./explain";
import { type Ended, upInTurn } from "./in-turn";
import { explainPending, pendingOf } from "./pending";

const NO_PULUMI = "pulumi is not on PATH; install it: https://www.pulumi.com/docs/install/";

/** What an earlier `up` of the stack has left half made; of a stack that cannot be read `up` itself says why. */
function leftHalfMade(args: readonly string[]): string | undefined {
  const at = args.findIndex((word) => word === "--stack" || word === "-s");
  const stack = at < 0 ? args.filter((word) => word.startsWith("--stack=")) : args.slice(at, at + 2);
  const { status, stdout } = spawnSync("pulumi", ["stack", "export", ...stack], {
    cwd: PROJECT,
    encoding: "utf8",
    stdio: ["inherit", "pipe", "ignore"],
    maxBuffer: 2 ** 30,
  });
  const pending = status === 0 ? pendingOf(stdout) : undefined;
  return pending === undefined ? undefined : explainPending(pending);
}

/** `pulumi up` with the given arguments, its output shown and kept. */
function pulumiUp(args: readonly string[], triedZones: readonly string[]): Promise<Ended> {
  const env = { ...process.env, [TRIED_ZONES]: triedZones.join(",") };
  const child = spawn("pulumi", ["up", "--yes", ...args], {
    cwd: PROJECT,
    env,
    stdio: ["inherit", "pipe", "pipe"],
  });
  let output = "";
  const keep = (stream: NodeJS.WriteStream) => (chunk: Buffer) => {
    output += chunk.toString();
    stream.write(chunk);
  };
  child.stdout.on("data", keep(process.stdout));
  child.stderr.on("data", keep(process.stderr));
  return new Promise((resolve, reject) => {
    child.once("error", () => reject(new Error(NO_PULUMI)));
    child.once("close", (code) => resolve({ isUp: code === 0, output }));
  });
}

/** `npm run up`: `pulumi up`, and where a zone has no machine free, again in the next one. Says what an earlier kill has left. */
async function main(args: readonly string[]): Promise<void> {
  const say = (line: string) => process.stdout.write(`\n${line}\n\n`);
  const halfMade = leftHalfMade(args);
  if (halfMade !== undefined) {
    say(halfMade);
    process.exitCode = 1;
    return;
  }
  let last = "";
  const up = async (tried: readonly string[]) => {
    const ended = await pulumiUp(args, tried);
    last = ended.output;
    return ended;
  };
  if (await upInTurn(up, say)) return;
  const explanation = explainEnd(last);
  if (explanation !== undefined) say(explanation);
  process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
});
