import type { Gpu } from "../../catalog";
import type { EngineProfile } from "../types";
import { hasChange } from "./version-changes";

/** Sequences and tokens of a step. */
export interface SchedulerLimits {
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
}

/**
 * Limits of vLLM's API server where nothing is said (engine/arg_utils.py, get_batch_defaults): by the GPU's memory, A100
 * apart since its throughput fell with the larger ones (vllm-project/vllm#17885).
 */
const LIMITS = {
  huge: { maxNumSeqs: 1024, maxNumBatchedTokens: 16_384 },
  large: { maxNumSeqs: 1024, maxNumBatchedTokens: 8192 },
  small: { maxNumSeqs: 256, maxNumBatchedTokens: 2048 },
} as const satisfies Record<string, SchedulerLimits>;
const HUGE_GPU_BYTES = 160 * 2 ** 30;
const LARGE_GPU_BYTES = 70 * 2 ** 30;

/** Length from which the first engine cut prompts into chunks by itself; shorter ones it read in one step. */
const CHUNKED_FROM = 32_768;

/** Share of a GPU's memory that vLLM takes where nothing is said. */
export function defaultUtilization(engine: EngineProfile): number {
  return hasChange(engine, "utilizationOf092") ? 0.92 : 0.9;
}

/** Whether vLLM caches prefixes where nothing is said. */
export function cachesPrefixesByDefault(engine: EngineProfile): boolean {
  return hasChange(engine, "secondEngine");
}

/** What an engine is asked for where a limit is not given; `maxModelLen` decides the step of vLLM before 0.8. */
export interface DefaultsOf {
  readonly engine: EngineProfile;
  readonly gpu: Pick<Gpu, "name" | "visibleMemoryBytes">;
  readonly maxModelLen?: number;
}

/** Limits of the scheduler: what is given, and the engine's defaults for the rest. */
export function schedulerLimits(
  { maxNumSeqs, maxNumBatchedTokens }: Partial<SchedulerLimits>,
  of: DefaultsOf,
): SchedulerLimits {
  const defaults = defaultLimits(of);
  const tokens = maxNumBatchedTokens ?? defaults.maxNumBatchedTokens;
  // vLLM cuts a default to the token budget: a sequence needs a token a step.
  return { maxNumSeqs: maxNumSeqs ?? Math.min(defaults.maxNumSeqs, tokens), maxNumBatchedTokens: tokens };
}

function defaultLimits({ engine, gpu, maxModelLen = 0 }: DefaultsOf): SchedulerLimits {
  if (engine.name !== "vLLM") return LIMITS.large;
  if (!hasChange(engine, "secondEngine")) {
    const whole = maxModelLen > CHUNKED_FROM ? 0 : maxModelLen;
    return { ...LIMITS.small, maxNumBatchedTokens: Math.max(LIMITS.small.maxNumBatchedTokens, whole) };
  }
  if (gpu.visibleMemoryBytes >= HUGE_GPU_BYTES && hasChange(engine, "largerStepsOnBlackwell"))
    return LIMITS.huge;
  const isSmall = gpu.visibleMemoryBytes < LARGE_GPU_BYTES || gpu.name.startsWith("A100");
  return isSmall ? LIMITS.small : LIMITS.large;
}
