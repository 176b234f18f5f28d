import { fitMemory, fullestGpu } from "../replica/fit-memory";
import type { Situation } from "../situation";
import type { ServingParameters, Strategy } from "../types";

/** Token budgets worth trying: powers of two and the steps half way between, largest first. */
const BUDGETS = [16_384, 12_288, 8192, 6144, 4096, 3072, 2048, 1536, 1024, 768, 512, 384, 256, 192, 128];
/** Fewer sequences than this make no service. */
const FEWEST_SEQUENCES = 8;

/** Serving parameters that a strategy may run with. */
export interface ServingSettings {
  /** As many sequences as possible; token budgets from the largest to the smallest. Empty when none fits into memory. */
  readonly fitting: readonly ServingParameters[];
  /** What to show when none fits: the envelope's bounds if the weights alone are too large, else the least demanding. */
  readonly shown: ServingParameters;
}

/** The envelope's upper bounds, or the pinned values. */
function bounds({ deployment }: Situation): ServingParameters {
  const { serving, envelope } = deployment;
  return {
    maxNumSeqs: serving.maxNumSeqs === "auto" ? envelope.maxNumSeqs : serving.maxNumSeqs,
    maxNumBatchedTokens:
      serving.maxNumBatchedTokens === "auto" ? envelope.maxNumBatchedTokens : serving.maxNumBatchedTokens,
    maxModelLen: envelope.maxModelLen,
    gpuMemoryUtilization: serving.gpuMemoryUtilization,
  };
}

/** Sequences worth trying: the bound and its halves; just the pinned number where it is pinned. */
function sequenceSteps({ deployment }: Situation, most: number): number[] {
  if (deployment.serving.maxNumSeqs !== "auto") return [most];
  const steps = [most];
  for (let n = Math.floor(most / 2); n >= FEWEST_SEQUENCES; n = Math.floor(n / 2)) steps.push(n);
  return steps;
}

/** Budgets worth trying beside `maxNumSeqs` sequences; vLLM wants a token for each. Just the pinned one where it is pinned. */
function budgetSteps({ deployment }: Situation, most: number, maxNumSeqs: number): number[] {
  if (deployment.serving.maxNumBatchedTokens !== "auto") return [most];
  return [most, ...BUDGETS.filter((budget) => budget < most && budget >= maxNumSeqs)];
}

/**
 * All settings within the envelope (or the pins) at which the KV cache holds one of the longest sequences: fewer
 * sequences need less sampler memory, fewer tokens a step less activation memory. The most sequences that leave at
 * least one budget win.
 */
export function servingSettings(situation: Situation, strategy: Strategy): ServingSettings {
  const most = bounds(situation);
  const fits = (serving: ServingParameters) =>
    fitMemory(situation, strategy, serving).kvCacheTokens >= serving.maxModelLen;
  let least = most;
  for (const maxNumSeqs of sequenceSteps(situation, most.maxNumSeqs)) {
    const options = budgetSteps(situation, most.maxNumBatchedTokens, maxNumSeqs).map(
      (maxNumBatchedTokens) => ({ ...most, maxNumSeqs, maxNumBatchedTokens }),
    );
    least = options.at(-1) ?? least;
    if (!fits(least)) continue;
    // Where the largest budget fits, all do.
    const fitting = options[0] !== undefined && fits(options[0]) ? options : options.filter(fits);
    return { fitting, shown: fitting[0] ?? most };
  }
  const gpu = fullestGpu(fitMemory(situation, strategy, most));
  return { fitting: [], shown: gpu.weightsBytes > gpu.usableBytes ? most : least };
}
