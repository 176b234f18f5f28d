import { spawnSync } from "node:child_process";
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

/** A whole search in a fresh process. */
function searchRow(gpus: number, args: readonly string[], limitSeconds: number): readonly string[] {
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
      return [`search over ${gpus} GPUs`, `failed: ${child.stderr.trim().split("\n")[0]}`, "MISSED"];
    const [kibibytes, cpuMicroseconds] = (/usage=([\d,]+)/.exec(child.stderr)?.[1] ?? "").split(",");
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    cpuSeconds = Math.min(cpuSeconds, Number(cpuMicroseconds) / 1e6);
    megabytes = Number(kibibytes) / 1024;
  }
  const met = seconds < limitSeconds && megabytes < 500;
  return [
    `search over ${gpus} GPUs, node start included`,
    `${seconds.toFixed(2)} s (CPU ${cpuSeconds.toFixed(2)} s), ${Math.round(megabytes)} MiB`,
    `${met ? "met" : "MISSED"} (${limitSeconds} s, 500 MB)`,
  ];
}

/** How fast it is, on this machine now. */
export function speedTable(): Table {
  const build = spawnSync(process.execPath, [join("scripts", "build.mjs")], { cwd: ROOT, encoding: "utf8" });
  const searches =
    build.status === 0
      ? [searchRow(8, [], 1), searchRow(64, ["--set", "hardware.nodes=8"], 3)]
      : [["search", `not run: the build failed: ${build.stderr.trim().split("\n")[0]}`, "MISSED"]];
  return {
    title: "Speed",
    note: "On the machine that ran the bench; other work on it makes it slower.",
    header: ["what", "value", "goal"],
    rows: [...simulationSpeed(), ...searches],
  };
}
