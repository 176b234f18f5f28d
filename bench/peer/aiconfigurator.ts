import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { cached } from "../../rehearsal/cache";

/** The version that the comparison is made with. */
export const PEER_VERSION = "0.12.0";

const SCRIPT = join(__dirname, "aiconfigurator_rows.py");
const run = promisify(execFile);

const answer = z.object({
  id: z.string(),
  ttft_ms_mean: z.number().optional(),
  itl_ms_mean: z.number().optional(),
  /** Why the peer gives no figure for the row. */
  refused: z.string().optional(),
});

/** The peer's word on one row, in ms. */
export type PeerAnswer = z.infer<typeof answer>;

/**
 * AIConfigurator's predictions of the closed-loop vLLM rows of a CSV, run from its PyPI package; kept in the cache
 * until rows or script change. Returns a sentence instead when it cannot be run here.
 */
export async function aiconfiguratorAnswers(csv: string): Promise<readonly PeerAnswer[] | string> {
  const key = createHash("sha256")
    .update(PEER_VERSION)
    .update(await readFile(SCRIPT))
    .update(csv);
  try {
    const file = await cached(`peer-answers-${key.digest("hex").slice(0, 8)}.jsonl`, async (temporary) => {
      await writeFile(temporary, await ask(await pythonWithPeer(), csv));
    });
    const lines = (await readFile(file, "utf8")).trim().split("\n");
    return lines.map((line) => answer.parse(JSON.parse(line)));
  } catch (error) {
    return `AIConfigurator ${PEER_VERSION} cannot be run here: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
  }
}

/** Python of an environment that has the package. Its interpreter link survives the folder's rename. */
async function pythonWithPeer(): Promise<string> {
  const folder = await cached(`peer-aiconfigurator-${PEER_VERSION}`, async (temporary) => {
    await run("python3", ["-m", "venv", temporary]);
    const python = join(temporary, "bin", "python");
    await run(python, ["-m", "pip", "install", "--quiet", `aiconfigurator==${PEER_VERSION}`]);
  });
  return join(folder, "bin", "python");
}

function ask(python: string, csv: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [SCRIPT], { stdio: ["pipe", "pipe", "pipe"] });
    let answers = "";
    let complaint = "";
    child.stdout.on("data", (chunk: Buffer) => {
      answers += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(answers) : reject(new Error(complaint.trim().split("\n").at(-1))),
    );
    child.stdin.end(csv);
  });
}
