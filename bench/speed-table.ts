import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findGpu, findModel } from "../lib/catalog";
import { createLatencyModel, engineProfile, type SimulationInput, simulate } from "../lib/performance";
import type { Table } from "./table";

const ROOT = join(__dirname, "..");
/** Printed by the measured process as it ends: its peak memory in KiB and its CPU time in microseconds. */
const REPORT_USAGE =
  'data:text/javascript,process.on("exit",()=>{const u=process.resourceUsage();process.stderr.write("\\nusage="+u.maxRSS+","+(u.userCPUTime+u.systemCPUTime))})';
/** Repetitions of a measurement: the quickest counts, as other work on the machine only adds. */
const REPEATS = 5;

/** The reference deployment's traffic on TP 8, as the planner simulates it. */
function referenceInput(requests: number): SimulationInput {
  const engine = engineProfile("vLLM", { version: "0.33.0" });
  const latency = createLatencyModel({
    model: findModel("meta-llama/Meta-Llama-3-70B-Instruct"),
    gpu: findGpu("H100-SXM-80GB"),
    precision: "bf16",
    kvCacheDtype: "bf16",
    tensorParallel: 8,
    pipelineParallel: 1,
    expertParallel: 1,
    sequenceParallel: 1,
    gpusPerNode: 8,
    network: { bytesPerSecondPerGpu: 50e9, latencyUs: 15 },
    engine,
  });
  return {
    latency,
    engine,
    traffic: {
      arrivals: { kind: "poisson", requestRate: 8 },
      promptTokens: { kind: "lognormal", median: 1020, mean: 1155, max: 7168 },
      outputTokens: { kind: "lognormal", median: 129, mean: 156, max: 1000 },
      cachedPrefixTokens: 0,
      requests,
      seed: 1,
    },
    scheduler: { maxNumSeqs: 128, maxNumBatchedTokens: 2048, kvCacheTokens: 1_200_000 },
    replicas: 1,
    balancer: "round-robin",
  };
}

function simulationSpeed(): readonly string[][] {
  const input = referenceInput(50_000);
  let seconds = Number.POSITIVE_INFINITY;
  let steps = 0;
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    steps = simulate(input).steps;
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  const perSecond = (count: number): string => `${(count / seconds / 1e6).toFixed(2)} million/s`;
  return [
    [
      "simulated steps",
      perSecond(steps),
      steps / seconds >= 1e6 ? "met (1 million/s)" : "MISSED (1 million/s)",
    ],
    ["simulated requests", `${Math.round(input.traffic.requests / seconds)} /s`, ""],
  ];
}

/** Llama-3.1-70B as its AWQ checkpoints describe themselves: the catalogue has none. */
const AWQ_70B = {
  model_type: "llama",
  hidden_size: 8192,
  intermediate_size: 28_672,
  num_attention_heads: 64,
  num_key_value_heads: 8,
  num_hidden_layers: 80,
  vocab_size: 128_256,
  max_position_embeddings: 131_072,
  tie_word_embeddings: false,
  quantization_config: { quant_method: "awq", bits: 4, group_size: 128, zero_point: true },
};

/** Plans with free strategy that have to come at once: model, instance type, and settings beside these. */
const NAMED: readonly (readonly [model: string, instanceType: string, ...more: string[]])[] = [
  ["openai/gpt-oss-120b", "p5.48xlarge"],
  ["deepseek-ai/DeepSeek-V3", "p5en.48xlarge"],
  ["moonshotai/Kimi-K2-Instruct", "p6-b200.48xlarge"],
  ["Qwen/Qwen3-30B-A3B-FP8", "g6e.12xlarge"],
  ["Qwen/Qwen3-30B-A3B-FP8", "g6e.48xlarge"],
  ["llama-70b-awq", "g5.48xlarge", "workload.requestRate=1"],
  ["llama-70b-awq", "g6.48xlarge", "workload.requestRate=1"],
];
const NAMED_SECONDS = 2;

function namedRows(): readonly (readonly string[])[] {
  const folder = mkdtempSync(join(tmpdir(), "shardplan-bench-"));
  const configPath = join(folder, "config.json");
  writeFileSync(configPath, JSON.stringify(AWQ_70B));
  const rows = NAMED.map(([model, instanceType, ...more]) => {
    const config = model === "llama-70b-awq" ? [`model.configPath=${configPath}`] : [];
    const settings = [`model.name=${model}`, `hardware.instanceType=${instanceType}`, ...config, ...more];
    const args = ["--strategy", "auto", ...settings.flatMap((setting) => ["--set", setting])];
    return searchRow(`plan of ${model} on ${instanceType}`, args, NAMED_SECONDS);
  });
  rmSync(folder, { recursive: true });
  return rows;
}

/** A whole search in a fresh process. */
function searchRow(what: string, args: readonly string[], limitSeconds: number): readonly string[] {
  let seconds = Number.POSITIVE_INFINITY;
  let cpuSeconds = Number.POSITIVE_INFINITY;
  let megabytes = Number.NaN;
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    const child = spawnSync(
      process.execPath,
      [`--import=${REPORT_USAGE}`, join("dist", "shardplan.cjs"), "plan", "--format", "json", ...args],
      { cwd: ROOT, encoding: "utf8", maxBuffer: 1e9 },
    );
    if (child.status !== 0 && child.status !== 2)
      return [what, `failed: ${child.stderr.trim().split("\n")[0]}`, "MISSED"];
    const [kibibytes, cpuMicroseconds] = (/usage=([\d,]+)/.exec(child.stderr)?.[1] ?? "").split(",");
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    cpuSeconds = Math.min(cpuSeconds, Number(cpuMicroseconds) / 1e6);
    megabytes = Number(kibibytes) / 1024;
  }
  const met = seconds < limitSeconds && megabytes < 500;
  return [
    `${what}, node start included`,
    `${seconds.toFixed(2)} s (CPU ${cpuSeconds.toFixed(2)} s), ${Math.round(megabytes)} MiB`,
    `${met ? "met" : "MISSED"} (${limitSeconds} s, 500 MB)`,
  ];
}

/** How fast it is, on this machine now. */
export function speedTable(): Table {
  const build = spawnSync(process.execPath, [join("scripts", "build.mjs")], { cwd: ROOT, encoding: "utf8" });
  const searches =
    build.status === 0
      ? [
          searchRow("search over 8 GPUs", [], 1),
          searchRow("search over 64 GPUs", ["--set", "hardware.nodes=8"], 3),
          ...namedRows(),
        ]
      : [["search", `not run: the build failed: ${build.stderr.trim().split("\n")[0]}`, "MISSED"]];
  return {
    title: "Speed",
    note: "On the machine that ran the bench; other work on it makes it slower.",
    header: ["what", "value", "goal"],
    rows: [...simulationSpeed(), ...searches],
  };
}
