import { findGpu, findModel } from "../lib/catalog";
import { engineProfile, replicaMemory } from "../lib/performance";
import { readCsv } from "./read-csv";
import { percent, type Table } from "./table";

const GIB = 2 ** 30;

function memoryOf(row: Record<string, string>) {
  return replicaMemory({
    model: findModel(row.model ?? ""),
    gpu: findGpu(row.gpu ?? ""),
    precision: row.precision === "fp8" ? "fp8" : "bf16",
    kvCacheDtype: row.kv_cache_dtype === "fp8" ? "fp8" : "bf16",
    tensorParallel: Number(row.tp),
    pipelineParallel: 1,
    expertParallel: 1,
    sequenceParallel: 1,
    engine: engineProfile("vLLM", { version: row.engine_version ?? "" }),
    gpuMemoryUtilization: Number(row.gpu_memory_utilization),
    maxNumSeqs: Number(row.max_num_seqs),
    maxNumBatchedTokens: Number(row.max_num_batched_tokens),
  });
}

/** KV cache as vLLM logged it against the memory formula. */
export function memoryTable(): Table {
  const rows = readCsv("vllm-memory.csv").map((row) => {
    const { tightest } = memoryOf(row);
    const perToken = tightest.kvBytesPerToken;
    const measured = row.kv_tokens ? Number(row.kv_tokens) * perToken : Number(row.kv_gib) * GIB;
    const [low, high] = [tightest.kvCacheBytesLow, tightest.kvCacheBytesHigh];
    const within = measured >= low && measured <= high;
    const error = measured > 0 ? tightest.kvCacheBytes / measured - 1 : Number.NaN;
    const verdict = within || Math.abs(error) <= 0.1 ? "met" : "MISSED";
    const gib = (bytes: number): string => (bytes / GIB).toFixed(2);
    return [
      row.id ?? "",
      gib(measured),
      gib(tightest.kvCacheBytes),
      `${gib(low)}..${gib(high)}`,
      percent(error),
      verdict,
    ];
  });
  return {
    title: "KV cache of one GPU, GiB",
    note: "Goal: within 10 %, or inside the band. A negative cache means that vLLM refused to start.",
    header: ["row", "logged", "computed", "band", "error", "verdict"],
    rows,
  };
}
