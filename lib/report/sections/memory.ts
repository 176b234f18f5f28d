import type { Candidate, MemoryPerGpu, Plan } from "../../strategy";
import { sameStrategy, strategyLabel } from "../../strategy";
import { band, bytes, count, gibibytes, percent } from "../format-number";
import type { BarPart, Block, Chart, Fact, Section, Table } from "../report-document";
import { cell, fact } from "./fact";

/** What lies in the memory of one GPU, what vLLM takes, and what the workload needs of it. */
export function memorySection(plan: Plan): Section {
  return {
    id: "memory",
    title: "Memory distribution",
    blocks: [
      { kind: "facts", facts: memoryFacts(plan) },
      { kind: "text", text: TAKEN_AND_DEMANDED, tone: "quiet" },
      memoryBar(plan),
      memoryPlot(plan),
    ],
  };
}

const TAKEN_AND_DEMANDED =
  "vLLM fills its whole share at start, and the KV cache takes what the other parts leave. The demand is what the workload really needs.";

/** What the other parts leave; nothing, and how much is missing, when they overflow. */
function kvCacheText(kvCacheBytes: number): string {
  return kvCacheBytes < 0
    ? `none, ${bytes(-kvCacheBytes)} short`
    : `${bytes(kvCacheBytes)} (${gibibytes(kvCacheBytes)})`;
}

function memoryFacts({ memoryPerGpu: memory, deployment }: Plan): readonly Fact[] {
  const part = (
    label: string,
    figure: Exclude<keyof MemoryPerGpu, "kvCacheTokensLogged">,
    note?: string,
  ): Fact =>
    fact(label, `${bytes(memory[figure])} (${gibibytes(memory[figure])})`, `memoryPerGpu.${figure}`, {
      ...(note === undefined ? {} : { note }),
    });
  return [
    part("Weights", "weightsBytes"),
    part("Activations, peak of a full step", "activationBytes"),
    part("CUDA context, NCCL buffers", "nonTorchBytes"),
    part("CUDA graphs", "cudaGraphBytes"),
    fact("KV cache that vLLM takes", kvCacheText(memory.kvCacheBytes), "memoryPerGpu.kvCacheBytes"),
    part(memory.kvCacheBytes < 0 ? "vLLM may take in all" : "Taken by vLLM in all", "usableBytes"),
    part("Memory of the GPU", "totalBytes"),
    fact(
      "Tokens the KV cache holds, per replica",
      `${count(memory.kvCacheTokens)} tokens`,
      "memoryPerGpu.kvCacheTokens",
      memory.kvCacheTokensHigh > 0
        ? { band: band(memory.kvCacheTokensLow, memory.kvCacheTokensHigh, count) }
        : {},
    ),
    part("Demand of the workload", "demandBytes"),
    fact("Demand, share of the GPU", percent(memory.demandFraction), "memoryPerGpu.demandFraction", {
      note: `limit ${percent(deployment.envelope.maxMemoryFraction)}`,
    }),
  ];
}

/** Parts of the KV cache: what the simulated peak uses and what is left for more. */
function memoryParts(memory: MemoryPerGpu): readonly { label: string; bytes: number }[] {
  const fixed = memory.weightsBytes + memory.activationBytes + memory.nonTorchBytes + memory.cudaGraphBytes;
  const kv = Math.max(0, memory.kvCacheBytes);
  const usedKv = Math.min(kv, Math.max(0, memory.demandBytes - fixed));
  return [
    { label: "weights", bytes: memory.weightsBytes },
    { label: "activations", bytes: memory.activationBytes },
    { label: "context and graphs", bytes: memory.nonTorchBytes + memory.cudaGraphBytes },
    { label: "KV cache, demanded", bytes: usedKv },
    { label: "KV cache, spare", bytes: kv - usedKv },
  ];
}

function memoryBar(plan: Plan): Block {
  const { memoryPerGpu: memory } = plan;
  const parts: readonly BarPart[] = memoryParts(memory).map((part) => ({
    label: part.label,
    text: bytes(part.bytes),
    share: part.bytes / memory.totalBytes,
  }));
  const share = memory.usableBytes / memory.totalBytes;
  const limit = { share, text: `${percent(share)} given to vLLM` };
  return { kind: "bar", title: `Memory of one GPU, ${bytes(memory.totalBytes)}`, parts, limit };
}

/**
 * The chosen strategy first, then those that can run, best first, then those that cannot: where not all have room, the
 * ones that a reader would choose between do.
 */
function memoryPlot(plan: Plan): Block {
  const shown = [plan.chosen, ...others(plan)].slice(0, MOST_SHOWN);
  const bars = shown.flatMap((candidate) =>
    memoryParts(candidate.memory).map((part) => ({
      gpu: strategyLabel(candidate.strategy),
      part: part.label,
      gigabytes: part.bytes / 1e9,
    })),
  );
  const { usableBytes, totalBytes } = plan.memoryPerGpu;
  const chart: Chart = {
    kind: "memory",
    bars,
    parts: memoryParts(plan.memoryPerGpu).map(({ label }) => label),
    limits: [
      { label: "given to vLLM", gigabytes: usableBytes / 1e9 },
      { label: "GPU", gigabytes: totalBytes / 1e9 },
    ],
  };
  return {
    kind: "plot",
    id: "memory-by-strategy",
    title: "Memory of one GPU by strategy",
    summary: `Stacked parts of one GPU's memory for ${shownText(shown.length, plan.candidates.length)}, against the ${bytes(usableBytes)} that vLLM may take of ${bytes(totalBytes)}.`,
    chart,
    table: memoryTable(shown),
  };
}

const MOST_SHOWN = 10;

const shownText = (shown: number, all: number): string =>
  all === 1 ? "the only strategy" : `${shown === all ? "all" : `${shown} of`} ${all} strategies`;

/** Sequence parallelism does not change what a GPU holds: such strategies would repeat their neighbour's bar. */
const others = (plan: Plan): readonly Candidate[] =>
  plan.candidates
    .filter(({ strategy }) => !sameStrategy(strategy, plan.strategy) && strategy.sequenceParallel === 1)
    .toSorted((a, b) => standing(b) - standing(a));

const standing = ({ meetsSlo, feasible }: Candidate): number => Number(feasible) + Number(meetsSlo);

function memoryTable(candidates: readonly Candidate[]): Table {
  const [first] = candidates;
  const labels = first === undefined ? [] : memoryParts(first.memory).map(({ label }) => label);
  return {
    columns: [{ title: "strategy" }, ...labels.map((title) => ({ title, align: "right" as const }))],
    rows: candidates.map((candidate) => [
      cell(strategyLabel(candidate.strategy)),
      ...memoryParts(candidate.memory).map((part) => cell(bytes(part.bytes))),
    ]),
    figures: ["candidates.0.memory.weightsBytes", "candidates.0.memory.activationBytes"],
  };
}
