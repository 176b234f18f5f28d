import { spawn } from "node:child_process";
import { TRIED_ZONES } from "../aws/tried-zones";
import { PROJECT } from "../project";
import { explainEnd } from "./explain";
import { type Ended, upInTurn } from "./in-turn";

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
    child.once("error", () =>
      reject(new Error("pulumi is not on PATH; install it: https://www.pulumi.com/docs/install/")),
    );
    child.once("close", (code) => resolve({ isUp: code === 0, output }));
  });
}

/** `npm run up`: `pulumi up`, and where a zone has no machine free, again in the next one. Says what an earlier kill has left. */
async function main(args: readonly string[]): Promise<void> {
  const say = (line: string) => process.stdout.write(`\n${line}\n\n`);
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
