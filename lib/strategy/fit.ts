import type { Gpu, ModelArchitecture } from "../catalog";
import type { Deployment } from "../config";
import { type EngineProfile, replicaMemory } from "../performance";
import { pinnedDegrees } from "./candidates/enumerate";
import { startRequirements } from "./candidates/prepare-candidate";
import { unfittedServing } from "./candidates/serving-settings";
import { memoryInput, memoryRow } from "./replica/fit-memory";
import { toCheck, violationsOf } from "./requirements/requirement";
import type { Situation } from "./situation";
import type { Check, MemoryPerGpu, ServingParameters, Strategy, Violation } from "./types";

/** One strategy with given serving parameters: whether vLLM starts it, and what lies in memory. Nothing is simulated. */
export interface Fit {
  readonly deployment: Deployment;
  readonly model: ModelArchitecture;
  readonly gpu: Gpu;
  readonly engine: EngineProfile;
  readonly strategy: Strategy;
  readonly serving: ServingParameters;
  readonly memory: MemoryPerGpu;
  /** Cache of one GPU that a sequence of the longest length takes, in bytes. */
  readonly longestBytes: number;
  /** Tokens of the cache in sequences of the longest length, as vLLM logs them, with their band. */
  readonly loggedTokens: { readonly tokens: number; readonly low: number; readonly high: number };
  /** What vLLM asks for before it starts. */
  readonly checks: readonly Check[];
  readonly violations: readonly Violation[];
}

/**
 * Fits the pinned strategy and serving parameters of a deployment into memory and holds them against what vLLM asks for
 * before it starts. Degrees that are not pinned are 1.
 */
export function fitPinned(situation: Situation): Fit {
  const { deployment, model, hardware, engine } = situation;
  const degrees = {
    ...{ tensorParallel: 1, pipelineParallel: 1, dataParallel: 1, expertParallel: 1, sequenceParallel: 1 },
    ...pinnedDegrees(deployment),
  };
  const gpus = degrees.tensorParallel * degrees.pipelineParallel * degrees.dataParallel;
  const strategy: Strategy = { ...degrees, gpus };
  const serving = pinnedServing(situation);
  const memory = replicaMemory(memoryInput(situation, strategy, serving));
  const requirements = startRequirements(situation, { strategy, serving, memory });
  const { kvCacheBytes } = memory.tightest;
  const { maxModelLen } = serving;
  return {
    deployment,
    model,
    gpu: hardware.gpu,
    engine,
    strategy,
    serving,
    memory: memoryRow(memory, 0),
    longestBytes:
      memory.longest.tokens > 0
        ? (kvCacheBytes * maxModelLen) / memory.longest.tokens
        : maxModelLen * memory.tightest.kvBytesPerToken,
    loggedTokens: memory.longest,
    checks: requirements.map(toCheck),
    violations: violationsOf(requirements),
  };
}

/** The pinned serving parameters; CUDA graphs as vLLM captures them by itself unless they are pinned, too. */
function pinnedServing(situation: Situation): ServingParameters {
  const { enforceEager, maxCudaGraphTokens: most } = situation.deployment.serving;
  const serving = unfittedServing(situation);
  const { largestTokens } = serving.cudaGraphs;
  const tokens = enforceEager
    ? 0
    : most === "auto"
      ? largestTokens
      : Math.min(most, serving.maxNumBatchedTokens);
  return { ...serving, cudaGraphs: { ...serving.cudaGraphs, largestTokens: tokens } };
}
