import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { listModels } from "../lib/catalog";
import { type DeploymentInput, parseDeployment, UserError } from "../lib/config";
import { type Plan, plan } from "../lib/strategy";
import { renderMarkdown, type Table } from "./table";

/** GPUs that people serve on, by generation. */
const GPUS = [
  "H100-SXM-80GB",
  "H200-SXM-141GB",
  "H20-96GB",
  "B200-SXM-180GB",
  "B300-SXM-288GB",
  "A100-SXM-80GB",
  "A100-SXM-40GB",
  "L40S-48GB",
  "L4-24GB",
  "A10G-24GB",
  "RTX-PRO-6000-96GB",
  "MI300X-192GB",
];
const SIZES = [1, 2, 4, 8] as const;

/** The plan of one model on a host of so many GPUs, all in one tensor-parallel group; or why there is none. */
function planOn(name: string, gpu: string, gpusPerNode: number): Plan | string {
  const one = { pipelineParallel: 1, dataParallel: 1, expertParallel: 1, sequenceParallel: 1 } as const;
  const input: DeploymentInput = {
    model: { name },
    hardware: { instanceType: "custom", gpu, gpusPerNode },
    strategy: { ...one, tensorParallel: gpusPerNode, objective: "latency" },
    workload: { simulatedRequests: 100, requestRate: 0.1 },
    envelope: { maxModelLen: 4096, maxNumSeqs: 32 },
    serving: { maxNumSeqs: 32, maxNumBatchedTokens: 4096 },
  };
  try {
    return plan(parseDeployment(input));
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** The smallest host of 1 to 8 GPUs that holds the model with its decode time; else why 8 do not. */
function cell(name: string, gpu: string): string {
  let reason = "";
  for (const gpus of SIZES) {
    const made = planOn(name, gpu, gpus);
    if (typeof made === "string") reason = made;
    else if (made.chosen.feasible) return `TP${gpus} ${made.latency?.decode.p50Ms.toFixed(1)} ms`;
    else reason = made.chosen.reasons[0] ?? "no reason";
  }
  return `no: ${reason}`;
}

/** Every `of`-th model from `first` on, a line of JSON each. */
function work(first: number, of: number, most: number): void {
  for (const [index, { name }] of listModels().slice(0, most).entries()) {
    if (index % of !== first) continue;
    console.log(JSON.stringify([name, ...GPUS.map((gpu) => cell(name, gpu))]));
  }
}

/** All models on all GPUs, in as many processes as the machine has processors. `most` limits the models for a trial. */
async function main(most: number): Promise<void> {
  const started = performance.now();
  const of = availableParallelism();
  const rows = new Map<string, string[]>();
  const parts = Array.from({ length: of }, (_, first) => {
    const args = ["--import", "tsx", __filename, "--part", String(first), String(of), String(most)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      const row = JSON.parse(line) as string[];
      rows.set(row[0] ?? "", row);
      console.error(`${rows.size}: ${row[0]}`);
    });
    return new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`a part ended with ${code}`))));
    });
  });
  await Promise.all(parts);
  const made = listModels()
    .slice(0, most)
    .map(({ name }) => rows.get(name) ?? [name]);
  const cells = made.flatMap((row) => row.slice(1));
  const planned = cells.filter((text) => text.startsWith("TP")).length;
  const table: Table = {
    title: "Models on GPUs",
    note: `${made.length} models x ${GPUS.length} GPUs: ${planned} plans, ${cells.length - planned} refused with a reason. The smallest tensor-parallel group of up to 8 GPUs that starts, and its gap between tokens.`,
    header: ["model", ...GPUS],
    rows: made,
  };
  console.log(renderMarkdown(table));
  console.error(`${((performance.now() - started) / 1000).toFixed(0)} s`);
}

const [flag, ...numbers] = process.argv.slice(2);
const [a = Number.POSITIVE_INFINITY, b = 1, c = Number.POSITIVE_INFINITY] = numbers.map(Number);
if (flag === "--part") work(a, b, c);
else void main(Number(flag ?? Number.POSITIVE_INFINITY));
