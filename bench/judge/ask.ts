import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineSources, runEngineScript } from "../vllm/engine-sources";
import { companionFiles } from "./companion-files";
import type { Checkpoint } from "./corpus";

/** A command line that vLLM is asked about, and the stages whose first rank it is to build. */
export interface Question {
  readonly name: string;
  /** Name of the checkpoint. */
  readonly model: string;
  readonly gpu: string;
  readonly nodes: number;
  readonly gpusPerNode: number;
  /** What follows `vllm serve MODEL`. */
  readonly arguments: readonly string[];
  readonly stages: readonly number[];
}

/** What vLLM makes of it: bytes of weights of each stage, or where it refused and what it said. */
export interface Answer {
  readonly quantization?: string | null;
  readonly bytes?: readonly number[];
  readonly refused?: { readonly at: "arguments" | "placement" | "model"; readonly said: string };
}

/** Puts all questions to one Python process, because vLLM takes seconds to import; one answer each, in their order. */
export async function askEngine(
  questions: readonly Question[],
  checkpoints: readonly Checkpoint[],
  onLine?: (line: string) => void,
): Promise<readonly Answer[]> {
  const engine = await engineSources();
  const exchange = await mkdtemp(join(tmpdir(), "shardplan-judge-"));
  try {
    const folders = new Map(checkpoints.map(({ name }, i) => [name, `models/${i}`]));
    for (const { name, config, files } of checkpoints) {
      const folder = join(exchange, folders.get(name) ?? "");
      await mkdir(folder, { recursive: true });
      const written = { ...companionFiles(config), ...files };
      for (const [path, content] of Object.entries(written)) await writeFile(join(folder, path), content);
    }
    const asked = questions.map((question) => ({ ...question, model: folders.get(question.model) }));
    await writeFile(join(exchange, "questions.json"), JSON.stringify(asked));
    await runEngineScript(engine, "judge.py", exchange, onLine);
    const lines = (await readFile(join(exchange, "results.jsonl"), "utf8")).trim().split("\n");
    return lines.map((line) => JSON.parse(line) as Answer);
  } finally {
    await rm(exchange, { recursive: true, force: true });
  }
}
