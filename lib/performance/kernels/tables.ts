import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Precision } from "../types";

/** GEMM times of one GPU and precision. Key of `shapes`: `${n}x${k}` of y[m,n] = x[m,k] W[k,n]. */
export interface GemmTable {
  readonly source: string;
  /** Values of m, ascending. */
  readonly tokens: readonly number[];
  /** Values of n and of k, ascending. */
  readonly sizes: readonly number[];
  /** Microseconds per entry of `tokens`; null where not measured. */
  readonly shapes: Readonly<Record<string, readonly (number | null)[]>>;
}

/** Attention times of one layer for one shard of heads, in microseconds. */
export interface AttentionShape {
  readonly prefill: {
    readonly lengths: readonly number[];
    /** One prompt alone. */
    readonly single: readonly number[];
    /** Per prompt when the batch fills the GPU. */
    readonly saturated: readonly number[];
  };
  readonly decode: {
    readonly batches: readonly number[];
    readonly pasts: readonly number[];
    /** A row per batch; a short row ends where memory did. */
    readonly us: readonly (readonly number[])[];
  };
}

/** Key of `shapes`: `${queryHeads}/${keyValueHeads}/${headDim}` of the shard. */
export interface AttentionTable {
  readonly source: string;
  readonly shapes: Readonly<Record<string, AttentionShape>>;
}

export interface Series {
  readonly bytes: readonly number[];
  readonly us: readonly number[];
}

/** Series by number of GPUs: "2", "4", "8". */
export type SeriesByGpus = Readonly<Record<string, Series>>;

export interface CollectiveTable {
  readonly source: string;
  /** By engine and version, such as `vllm-0.24.0`, and `nccl-2.29.2`. */
  readonly allReduce: Readonly<Record<string, SeriesByGpus>>;
  readonly allGather: SeriesByGpus;
  readonly reduceScatter: SeriesByGpus;
  readonly allToAll: SeriesByGpus;
  readonly sendReceive: { readonly source: string; readonly inNode: Series; readonly acrossNodes: Series };
}

const loaded = new Map<string, unknown>();

function load(name: string): unknown {
  let table = loaded.get(name);
  if (table === undefined) {
    table = JSON.parse(readFileSync(join(__dirname, "tables", `${name}.json`), "utf8"));
    loaded.set(name, table);
  }
  return table;
}

/** Measured GEMMs; read from disk at first use. */
export const gemmTable = (gpu: string, precision: Precision): GemmTable =>
  load(`gemm-${gpu}-${precision}`) as GemmTable;

/** Measured attention by type of the KV cache; read from disk at first use. */
export const attentionTable = (gpu: string, kvCacheDtype: Precision): AttentionTable =>
  load(`attention-${gpu}-${kvCacheDtype}`) as AttentionTable;

/** Measured collectives; read from disk at first use. */
export const collectiveTable = (gpu: string): CollectiveTable =>
  load(`collectives-${gpu}`) as CollectiveTable;

/** Measured all-reduce over PCIe; read from disk at first use. */
export const pcieTable = (): Pick<CollectiveTable, "source" | "allReduce"> =>
  load("collectives-l40s") as Pick<CollectiveTable, "source" | "allReduce">;
