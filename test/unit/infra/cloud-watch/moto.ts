import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cached } from "../../../../rehearsal/cache";

const LOCK = join(__dirname, "requirements.lock");

/** Folder with moto's server and the AWS tool, made once and kept in the cache. */
export async function motoEnvironment(): Promise<string> {
  const hash = createHash("sha256").update(readFileSync(LOCK)).digest("hex").slice(0, 8);
  return cached(`moto-${hash}`, async (folder) => {
    run("python3", ["-m", "venv", folder]);
    // Scripts name the Python of the folder in which they were made: `python -m` and our own start are all that is used.
    run(join(folder, "bin/python"), [
      ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps"],
      ...["-r", LOCK],
    ]);
  });
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? stderr}`);
}

/** A process that is ready once a line of its output says so. */
export async function startProcess(
  command: readonly string[],
  ready: RegExp,
): Promise<{ readonly child: ChildProcess; readonly said: RegExpExecArray }> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const said = await new Promise<RegExpExecArray>((resolve, reject) => {
    const hear = (line: string) => {
      lines.push(line);
      const match = ready.exec(line);
      if (match) resolve(match);
    };
    if (child.stdout) createInterface({ input: child.stdout }).on("line", hear);
    if (child.stderr) createInterface({ input: child.stderr }).on("line", hear);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}: ${lines.join("\n")}`)));
  });
  return { child, said };
}

/** A server on loopback with the port that it got. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** What a machine says of itself: credentials of its role, for those who have asked for a token first (IMDSv2). */
export function metadataService(secret: string): { readonly server: Server; readonly refused: () => number } {
  let refused = 0;
  const role = "shardplan-role";
  const base = "/latest/meta-data/iam/security-credentials/";
  const credentials = {
    Code: "Success",
    Type: "AWS-HMAC",
    AccessKeyId: "ASIAEXAMPLE",
    SecretAccessKey: secret,
    Token: `token-${secret}`,
    LastUpdated: "2026-01-01T00:00:00Z",
    Expiration: "2126-01-01T00:00:00Z",
  };
  const server = createServer((request, response) => {
    const { method, url = "", headers } = request;
    const answer = (status: number, text: string) => response.writeHead(status).end(text);
    if (method === "PUT" && url === "/latest/api/token") answer(200, "session");
    else if (headers["x-aws-ec2-metadata-token"] !== "session") {
      refused++;
      answer(401, "");
    } else if (url === base) answer(200, role);
    else if (url === `${base}${role}`) answer(200, JSON.stringify(credentials));
    else answer(404, "");
  });
  return { server, refused: () => refused };
}

/** Asynchronous: this process is the machine's metadata and vLLM meanwhile. */
export async function runIn(env: NodeJS.ProcessEnv, program: string, args: readonly string[]) {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data) => {
      output += data;
    });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { status, output };
}
