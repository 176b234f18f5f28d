import {
  type BandRegime,
  partitionLayers,
  type ReplicaMemory,
  type SimulationResult,
} from "../../performance";
import { meanTokens } from "../figures/mean-tokens";
import { usdPerHour, usdPerMillionTokens } from "../figures/price";
import { bandLatency, evidenceOf } from "../replica/band-latency";
import { findBottleneck } from "../replica/bottleneck";
import { communicate, type TypicalSteps, typicalSteps } from "../replica/communicate";
import { demandOfStages, memoryRow, relativeSpread } from "../replica/fit-memory";
import type { Run } from "../replica/run-simulation";
import type { Effort } from "../replica/simulation-effort";
import { memoryBalance, memoryFraction } from "../requirements/memory-requirements";
import { type Requirement, reasonText, violationsOf } from "../requirements/requirement";
import { isRateDriven, latencyRequirements, loadRequirements } from "../requirements/service-requirements";
import { meetsTargets } from "../requirements/targets";
import type { Situation } from "../situation";
import type { Balance, Candidate, MemoryPerGpu, Throughput } from "../types";
import type { Evaluation } from "./evaluation";
import { saturatedRate, sustainableRate } from "./sustainable-rate";

/** A strategy that runs, and the simulation at the requested rate. */
export interface Simulated {
  readonly run: Run;
  readonly fit: ReplicaMemory;
  readonly result: SimulationResult;
  /** Requests that the simulation ran. */
  readonly requests: number;
  /** Requirements that were already checked: the strategy is valid and fits. */
  readonly met: readonly Requirement[];
  readonly effort: Effort;
}

function throughputOf(situation: Situation, { run, result, effort }: Simulated): Throughput {
  const { requestRate } = situation.deployment.workload;
  const rateDriven = isRateDriven(situation);
  const served = result.steady.requestsPerSecond;
  // Work that is all there at once, or always there, is served at the saturated rate of its own concurrency.
  const saturated = rateDriven ? saturatedRate(situation, run, effort) : served;
  const bounds = meetsTargets(situation, result)
    ? { holds: requestRate, fails: Math.max(requestRate, saturated) }
    : { holds: 0, fails: Math.min(requestRate, saturated) };
  const outputTokensPerSecond = result.steady.outputTokensPerSecond;
  return {
    maxBatchSize: result.maxRunningSequences,
    maxConcurrentSequences: run.serving.maxNumSeqs,
    maxBatchedTokens: run.serving.maxNumBatchedTokens,
    requestRate: rateDriven ? requestRate : served,
    sustainableRequestRate: rateDriven ? sustainableRate(situation, run, { ...bounds, effort }) : served,
    saturatedRequestRate: saturated,
    outputTokensPerSecond,
    outputTokensPerSecondPerGpu: outputTokensPerSecond / run.strategy.gpus,
  };
}

function balanceOf(
  situation: Situation,
  { run, fit, result }: Simulated,
  load: { readonly kvPeakTokens: number; readonly throughput: Throughput },
): Balance {
  const { dataParallel, pipelineParallel } = run.strategy;
  const layers = partitionLayers(situation.model.layers, pipelineParallel);
  return {
    memoryEpsilon: relativeSpread(demandOfStages(fit, load.kvPeakTokens)),
    computeEpsilon: Math.max(relativeSpread(layers), dataParallel > 1 ? result.replicaImbalance : 0),
    gpuUtilization: load.throughput.requestRate / load.throughput.saturatedRequestRate,
    bubbleShare: result.bubbleShare,
  };
}

/** A decode step at the mean batch and context of the run, and a step that fills the token budget. */
function stepsOf(situation: Situation, { run, result }: Simulated): TypicalSteps {
  const { promptTokens, outputTokens } = situation.deployment.workload;
  const batch = {
    sequences: result.meanRunningSequences / run.strategy.dataParallel,
    contextTokens: meanTokens(promptTokens) + meanTokens(outputTokens) / 2,
  };
  return typicalSteps(run.latency, batch, run.serving.maxNumBatchedTokens);
}

/** Prompt tokens per second that one replica computes. */
function promptTokensPerSecond({ deployment }: Situation, { run }: Simulated, requestRate: number): number {
  const { promptTokens, cachedPrefixTokens } = deployment.workload;
  const computed = Math.max(1, meanTokens(promptTokens) - cachedPrefixTokens);
  return (requestRate / run.strategy.dataParallel) * computed;
}

/** Share of a capacity beyond which queues decide: where the bands of a saturated system apply. */
const NEARLY_FULL = 0.8;

function regimeOf(situation: Situation, { run, result }: Simulated, throughput: Throughput): BandRegime {
  const fullest = Math.max(
    result.maxKvUsage,
    result.maxRunningSequences / run.serving.maxNumSeqs,
    throughput.requestRate / throughput.saturatedRequestRate,
  );
  return { ...evidenceOf(situation, run), load: fullest >= NEARLY_FULL ? "saturated" : "moderate" };
}

/** Everything a candidate shows of itself, apart from verdict and reasons. */
function figuresOf(situation: Situation, simulated: Simulated, memory: MemoryPerGpu, kvPeakTokens: number) {
  const { run, result } = simulated;
  const { strategy, serving } = run;
  const steps = stepsOf(situation, simulated);
  const throughput = throughputOf(situation, simulated);
  const regime = regimeOf(situation, simulated, throughput);
  const prompts = promptTokensPerSecond(situation, simulated, throughput.requestRate);
  const outputs = throughput.outputTokensPerSecond / strategy.dataParallel;
  // Stages work on different chunks at once: a pipeline takes in a chunk in the time of one stage.
  const chunkSeconds = steps.prefill.totalMs / 1000 / strategy.pipelineParallel;
  const prefillTimeShare = (prompts / serving.maxNumBatchedTokens) * chunkSeconds;
  return {
    steps,
    // The latencies of a queue that grows are those of the length of the run.
    ...(result.stable ? { latency: bandLatency(result, regime) } : {}),
    regime,
    throughput,
    balance: balanceOf(situation, simulated, { kvPeakTokens, throughput }),
    communication: communicate(situation, strategy, { steps, tokensPerSecond: prompts + outputs }),
    bottleneck: findBottleneck({ situation, strategy, result, steps, memory, prefillTimeShare }),
  };
}

/** USD per million output tokens at the sustainable rate; nothing without a price or a rate. */
function costOf(situation: Situation, throughput: Throughput): Partial<Candidate> {
  const share = throughput.sustainableRequestRate / throughput.requestRate;
  const usd = usdPerMillionTokens(usdPerHour(situation), throughput.outputTokensPerSecond * share);
  return usd === undefined ? {} : { costUsdPerMillionOutputTokens: usd };
}

/** Describes a strategy that was simulated, and holds it against every requirement. */
export function describeCandidate(situation: Situation, simulated: Simulated): Evaluation {
  const { run, fit, result, met } = simulated;
  const kvPeakTokens = (result.maxKvUsage || 0) * fit.kvCacheTokens;
  const memory = memoryRow(fit, kvPeakTokens);
  const { steps, regime, ...figures } = figuresOf(situation, simulated, memory, kvPeakTokens);
  const { throughput, latency, balance } = figures;
  const requirements = [
    ...met,
    memoryFraction(situation, { fraction: memory.demandFraction, bytes: memory.demandBytes }),
    memoryBalance(situation, demandOfStages(fit, kvPeakTokens)),
    ...(latency === undefined ? [] : latencyRequirements(situation, latency)),
    ...loadRequirements(situation, {
      throughput,
      gpuUtilization: balance.gpuUtilization,
      stable: result.stable,
    }),
  ];
  const violations = violationsOf(requirements);
  const msPerToken = result.steady.timePerOutputToken.meanMs;
  const outputTokens = meanTokens(situation.deployment.workload.outputTokens);
  const candidate: Candidate = {
    strategy: run.strategy,
    feasible: true,
    meetsSlo: violations.length === 0,
    reasons: violations.map(reasonText),
    violations,
    serving: run.serving,
    memory,
    ...figures,
    simulatedRequests: simulated.requests,
    ...(result.stable ? { tokensPerSecondPerUser: 1000 / msPerToken, ...costOf(situation, throughput) } : {}),
  };
  const meanRequestMs = result.steady.firstToken.meanMs + (outputTokens - 1) * msPerToken;
  return { candidate, requirements, result, steps, regime, meanRequestMs };
}
