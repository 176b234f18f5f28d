import { findGpu, findModel, type Gpu, type ModelArchitecture } from "../../catalog";
import type { LengthDistribution } from "../../config";
import type { CalibratedConstants } from "../calibration/calibrated";
import { defaultUtilization, schedulerLimits } from "../engine/engine-defaults";
import { engineProfile } from "../engine/engine-profile";
import { hasChange } from "../engine/version-changes";
import { type ReplicaMemory, replicaMemory } from "../memory/memory-per-gpu";
import type { EngineProfile, KernelFormats, Precision, SchedulerInput, TrafficInput } from "../types";
import { type CaseRow, isOpen } from "./case-row";
import { rowFormats, servedPrecision } from "./row-formats";

/** Everything a prediction needs, resolved from a row. */
export interface CaseSetup {
  readonly row: CaseRow;
  readonly model: ModelArchitecture;
  readonly gpu: Gpu;
  readonly engine: EngineProfile;
  readonly precision: Precision;
  readonly formats?: KernelFormats;
  /** Ranks over which whole experts are spread; 1 cuts each over the tensor-parallel group. */
  readonly expertParallel: number;
  /** Replicas that share their experts and step together: ranks of data-parallel attention. */
  readonly expertReplicas: number;
  readonly kvCacheDtype: Precision;
  readonly memory: ReplicaMemory;
  readonly scheduler: SchedulerInput;
  readonly requests: number;
  /** First requests whose prefix nobody has computed yet. */
  readonly coldStartRequests: number;
}

/** What a row does not say by itself. */
export interface SetupContext {
  /** An earlier stage of the same run has filled the prefix cache. */
  readonly isLaterStage: boolean;
  /** The model of the row where it does not come from the catalogue. */
  readonly model?: ModelArchitecture;
  readonly constants: CalibratedConstants;
}

/** Limits of the scheduler that the row names, or the engine's defaults. */
function limitsOf(row: CaseRow, { engine, gpu }: Pick<CaseSetup, "engine" | "gpu">) {
  return schedulerLimits(
    {
      ...(row.max_num_seqs === undefined ? {} : { maxNumSeqs: row.max_num_seqs }),
      ...(row.max_num_batched_tokens === undefined
        ? {}
        : { maxNumBatchedTokens: row.max_num_batched_tokens }),
    },
    { engine, gpu, ...(row.max_model_len === undefined ? {} : { maxModelLen: row.max_model_len }) },
  );
}

/** Requests of open or offline traffic where the row names no number. */
const DEFAULT_REQUESTS = 2000;
/** Requests per client of a closed loop where the row names no number: the habit of published sweeps. */
const DEFAULT_ROUNDS = 10;

/**
 * Half width of the spread of lengths that are nominally equal, relative. Real tokenisers and stop tokens never give
 * equal lengths; exactly equal ones put a closed loop into lockstep and double its first-token time.
 */
const LENGTH_SPREAD = 0.03;

function lengths(nominal: number, ratio: number): LengthDistribution {
  const low = ratio < 1 ? nominal * ratio : nominal * (1 - LENGTH_SPREAD);
  const high = ratio < 1 ? nominal : nominal * (1 + LENGTH_SPREAD);
  return { kind: "uniform", min: Math.max(1, Math.round(low)), max: Math.max(1, Math.round(high)) };
}

function arrivals(row: CaseRow): TrafficInput["arrivals"] {
  if (row.arrivals === "closed") return { kind: "closed", concurrency: row.concurrency ?? 1 };
  if (row.arrivals === "offline") return { kind: "offline" };
  return { kind: row.arrivals, requestRate: row.request_rate ?? 1 };
}

/**
 * Distinct prompts that a benchmark with shared prefixes cycles through, where the row does not give the cold share:
 * inference-perf's default of 10 groups with 10 prompts each, as in the published configurations of these runs.
 */
const DISTINCT_PROMPTS = 100;

function coldStartRequests(row: CaseRow, requests: number, isLaterStage: boolean): number {
  if (row.cold_prefix_share !== undefined) return Math.round(row.cold_prefix_share * requests);
  return isOpen(row) && (row.cached_prefix_tokens ?? 0) > 0 && !isLaterStage ? DISTINCT_PROMPTS : 0;
}

/** Traffic of the case as its benchmark sends it. */
export function caseTraffic(setup: CaseSetup, seed: number): TrafficInput {
  const { row } = setup;
  const ratio = row.range_ratio ?? 1;
  return {
    arrivals: arrivals(row),
    promptTokens: lengths(row.isl, ratio),
    outputTokens: lengths(row.osl, ratio),
    cachedPrefixTokens: row.cached_prefix_tokens ?? 0,
    coldStartRequests: setup.coldStartRequests,
    burstStart: row.burst_start ?? 0,
    requests: setup.requests,
    seed,
  };
}

function requestCount(row: CaseRow): number {
  return (
    row.num_requests ??
    (row.arrivals === "closed" ? (row.concurrency ?? 1) * DEFAULT_ROUNDS : DEFAULT_REQUESTS)
  );
}

/**
 * Version of the engine where a row names none: that of the published rows of its kind. vLLM's closed-loop FP8 sweeps were
 * run on 0.10.2, its rate-driven and its 16-bit runs on 0.15.1; TensorRT-LLM's rows of 0.20 and later name the instruct
 * checkpoint that was run, those of 0.14 the architecture.
 */
function assumedVersion(row: CaseRow): string {
  if (row.engine === "vLLM") return row.precision === "fp8" && !isOpen(row) ? "0.10.2" : "0.15.1";
  if (row.engine === "TensorRT-LLM") return /llama-?3\.3|instruct/i.test(row.model) ? "1.0" : "0.14";
  return row.engine === "NIM" ? "1.8" : "0.4.6";
}

/** Published FP8 rows of TensorRT-LLM and NIM keep the cache in FP8 as well, those of vLLM in 16 bits. */
function assumedCache({ engine, precision }: CaseRow): Precision {
  return (engine === "TensorRT-LLM" || engine === "NIM") && precision !== "bf16" ? "fp8" : "bf16";
}

/** The published runs of vLLM switch asynchronous scheduling on where the version has it. */
function canRunAsynchronously(name: CaseRow["engine"], version: string): boolean {
  return name !== "vLLM" || hasChange({ name, version }, "asynchronousFlag");
}

/**
 * Published sweeps with random prompts switch prefix caching off, as the recipe of InferenceMAX does
 * (--no-enable-prefix-caching, README of jyothisambolu/InferenceMAX): a preempted request then finds nothing again.
 */
const cachesPrefixes = ({ cached_prefix_tokens }: CaseRow): boolean => (cached_prefix_tokens ?? 0) > 0;

/** Side of the blocks whose scales a block-scaled FP8 expert carries: a rank's share must hold whole blocks. */
const FP8_BLOCK = 128;

/**
 * Ranks over which whole experts are spread. vLLM refuses to cut block-scaled experts through a block, so that such a row,
 * which ran, spread them.
 */
function expertRanks(row: CaseRow, model: ModelArchitecture): number {
  if (model.experts === undefined) return 1;
  if (row.moe_ep !== undefined && row.moe_ep > 1) return row.moe_ep;
  const isBlocked = row.precision === "fp8" || row.precision === "fp8_block";
  const share = model.experts.intermediateSize / row.tp;
  return isBlocked && share % FP8_BLOCK !== 0 ? row.tp : 1;
}

/** Resolves model, GPU, engine and memory of a row. Throws a UserError for a model or GPU the catalogue lacks, and a precision that it is not in. */
export function caseSetup(asked: CaseRow, context: SetupContext): CaseSetup {
  // Ranks of data-parallel attention are replicas that share their experts.
  const attentionRanks = asked.attention_dp ?? 1;
  const model = context.model ?? findModel(asked.model);
  const precision = servedPrecision(asked, model);
  const row = { ...asked, precision, dp: Math.max(asked.dp, attentionRanks) };
  const gpu = findGpu(row.gpu);
  const version = row.engine_version ?? assumedVersion(row);
  const engine = engineProfile(row.engine, {
    version,
    asynchronous: row.async ?? canRunAsynchronously(row.engine, version),
  });
  const stored = rowFormats(precision, model, gpu);
  const expertParallel = expertRanks(row, model);
  const expertReplicas = model.experts ? attentionRanks : 1;
  const kvCacheDtype = row.kv_cache_dtype ?? assumedCache(row);
  const limits = limitsOf(row, { engine, gpu });
  const memory = replicaMemory({
    model,
    gpu,
    ...stored,
    kvCacheDtype,
    tensorParallel: row.tp,
    pipelineParallel: row.pp,
    expertParallel,
    expertReplicas,
    sequenceParallel: 1,
    engine,
    gpuMemoryUtilization: row.gpu_memory_utilization ?? defaultUtilization(engine),
    ...limits,
    sequenceTokens: row.isl + row.osl,
    ...(row.max_model_len === undefined ? {} : { maxModelLen: row.max_model_len }),
    prefixCaching: cachesPrefixes(row),
    constants: context.constants,
  });
  const requests = requestCount(row);
  return {
    row,
    model,
    gpu,
    engine,
    ...stored,
    expertParallel,
    expertReplicas,
    kvCacheDtype,
    memory,
    scheduler: { ...limits, kvCacheTokens: memory.kvCacheTokens, prefixCaching: cachesPrefixes(row) },
    requests,
    coldStartRequests: coldStartRequests(row, requests, context.isLaterStage),
  };
}
