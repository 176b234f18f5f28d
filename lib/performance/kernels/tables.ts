import { existsSync, readFileSync } from "node:fs";
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
  /** The same for kernels that look back over a window only, by its tokens. */
  readonly windows?: Readonly<Record<string, Readonly<Record<string, AttentionShape>>>>;
}

/** Attention modules of DeepSeek-V3, projections included. Key: `${projections}/${kvCache}/${heads of the rank}`. */
export interface LatentAttentionTable {
  readonly source: string;
  readonly shapes: Readonly<Record<string, AttentionShape>>;
}

/** Routed experts of one layer on one rank, in microseconds. */
export interface ExpertTable {
  readonly source: string;
  /** Tokens of all ranks, ascending. */
  readonly tokens: readonly number[];
  /** By precision, then `${hidden}/${intermediate}/${active}/${experts}`, then `${tensor}/${expert}` ranks. */
  readonly shapes: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>>>
  >;
}

/** Layers with a state, without their projections, in microseconds. */
export interface RecurrentTable {
  readonly source: string;
  /** Sequences of a decode step, and tokens of a prompt, ascending. */
  readonly sequences: readonly number[];
  readonly tokens: readonly number[];
  /** By value heads of the rank. */
  readonly heads: Readonly<
    Record<string, { readonly decode: readonly number[]; readonly prefill: readonly number[] }>
  >;
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
  /** Only with H100's. */
  readonly sendReceive?: { readonly source: string; readonly inNode: Series; readonly acrossNodes: Series };
}

const loaded = new Map<string, unknown>();

/** A table, read from disk at first use; undefined when there is none of this name. */
function load<T>(name: string): T | undefined {
  if (!loaded.has(name)) {
    const path = join(__dirname, "tables", `${name}.json`);
    loaded.set(name, existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined);
  }
  return loaded.get(name) as T | undefined;
}

/** Measured GEMMs; undefined when this GPU has none in this precision. */
export const gemmTable = (gpu: string, precision: string): GemmTable | undefined =>
  load(`gemm-${gpu}-${precision}`);

/** Measured attention by type of the KV cache; undefined when this GPU has none. */
export const attentionTable = (gpu: string, kvCacheDtype: Precision): AttentionTable | undefined =>
  load(`attention-${gpu}-${kvCacheDtype}`);

/** Windows and head dimensions beyond those that H100's own file holds. */
export const moreAttention = (gpu: string, kvCacheDtype: Precision): AttentionTable | undefined =>
  load(`attention-${gpu}-${kvCacheDtype}-more`);

/** Measured attention modules of latent attention; undefined when this GPU has none. */
export const latentAttentionTable = (gpu: string): LatentAttentionTable | undefined => load(`mla-${gpu}`);

/** Measured experts; undefined when this GPU has none. */
export const expertTable = (gpu: string): ExpertTable | undefined => load(`moe-${gpu}`);

/** Measured layers with a state; undefined when this GPU has none. */
export const recurrentTable = (gpu: string): RecurrentTable | undefined => load(`recurrent-${gpu}`);

/** Measured collectives; undefined when this GPU has none. */
export const collectiveTable = (gpu: string): CollectiveTable | undefined => load(`collectives-${gpu}`);
