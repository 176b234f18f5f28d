import type { LatencyModel, ReplicaMemory, SimulationResult } from "../performance";
import { partitionLayers } from "../performance";
import { bandLatency } from "./band-latency";
import { findBottleneck } from "./bottleneck";
import { communicate, type TypicalSteps, typicalSteps } from "./communicate";
import { demandOfStages, fitMemory, holdsWeights, memoryRow, relativeSpread } from "./fit-memory";
import { meanTokens } from "./mean-tokens";
import {
  batchHoldsSequences,
  memoryBalance,
  memoryFraction,
  oneSequenceFits,
  weightsFit,
} from "./memory-requirements";
import { usdPerHour, usdPerMillionTokens } from "./price";
import { type Requirement, violationsOf } from "./requirement";
import { type Run, runSimulation, serviceTraffic } from "./run-simulation";
import { isRateDriven, latencyRequirements, loadRequirements } from "./service-requirements";
import { effort, requestsWorth } from "./simulation-effort";
import type { Situation } from "./situation";
import { meetsTargets, saturatedRate, sustainableRate } from "./sustainable-rate";
import { tuneBudget } from "./tune-budget";
import { servingThatFits } from "./tune-serving";
import type { Balance, Candidate, ServingParameters, Strategy, Throughput } from "./types";
import { structuralRequirements } from "./validate";

/** A candidate with what the plan needs of it beyond what it shows. */
export interface Evaluation {
  readonly candidate: Candidate;
  readonly requirements: readonly Requirement[];
  readonly fit: ReplicaMemory;
  readonly latencyModel?: LatencyModel;
  readonly result?: SimulationResult;
  readonly steps?: TypicalSteps;
  /** Mean time of a whole request in ms: what objective latency minimises. */
  readonly meanRequestMs: number;
}

/** A simulation and how many requests it ran. */
interface Simulated {
  readonly result: SimulationResult;
  readonly requests: number;
}

/** Requirements whose failure means that vLLM would not start. The rest are wishes. */
const STARTS_WITHOUT = new Set(["world-size"]);

function refused(situation: Situation, strategy: Strategy, requirements: readonly Requirement[]): boolean {
  const tooMany = strategy.gpus > situation.hardware.gpus;
  return tooMany || violationsOf(requirements).some(({ check }) => !STARTS_WITHOUT.has(check));
}

/** A strategy that cannot run: its memory row and its reasons. */
function infeasible(
  strategy: Strategy,
  serving: ServingParameters,
  fit: ReplicaMemory,
  requirements: readonly Requirement[],
): Evaluation {
  const violations = violationsOf(requirements);
  const candidate: Candidate = {
    strategy,
    feasible: false,
    meetsSlo: false,
    reasons: violations.map(({ value, requirement }) => `${value}; required: ${requirement}`),
    violations,
    serving,
    memory: memoryRow(fit, 0),
  };
  return { candidate, requirements, fit, meanRequestMs: Number.POSITIVE_INFINITY };
}

function throughputOf(situation: Situation, run: Run, result: SimulationResult): Throughput {
  const { requestRate } = situation.deployment.workload;
  const saturated = saturatedRate(situation, run);
  const rateDriven = isRateDriven(situation);
  const holds = rateDriven && meetsTargets(situation, result);
  const bounds = holds
    ? { holds: requestRate, fails: Math.max(requestRate, saturated) }
    : { holds: 0, fails: Math.min(requestRate, saturated) };
  const outputTokensPerSecond = result.steady.outputTokensPerSecond;
  return {
    maxBatchSize: result.maxRunningSequences,
    maxConcurrentSequences: run.serving.maxNumSeqs,
    maxBatchedTokens: run.serving.maxNumBatchedTokens,
    requestRate: rateDriven ? requestRate : result.steady.requestsPerSecond,
    sustainableRequestRate: rateDriven
      ? sustainableRate(situation, run, bounds)
      : result.steady.requestsPerSecond,
    saturatedRequestRate: saturated,
    outputTokensPerSecond,
    outputTokensPerSecondPerGpu: outputTokensPerSecond / run.strategy.gpus,
  };
}

/** Spread of work between stages (layers) and replicas (served tokens), the larger of the two. */
function computeEpsilon({ model }: Situation, strategy: Strategy, result: SimulationResult): number {
  const stages = relativeSpread(partitionLayers(model.layers, strategy.pipelineParallel));
  return Math.max(stages, strategy.dataParallel > 1 ? result.replicaImbalance : 0);
}

/** Prompt tokens that a request makes the GPUs compute, on average. */
function computedPromptTokens({ deployment }: Situation): number {
  const { promptTokens, cachedPrefixTokens } = deployment.workload;
  return Math.max(1, meanTokens(promptTokens) - cachedPrefixTokens);
}

function stepsOf(situation: Situation, run: Run, result: SimulationResult): TypicalSteps {
  const { promptTokens, outputTokens } = situation.deployment.workload;
  const batch = {
    sequences: result.meanRunningSequences / run.strategy.dataParallel,
    contextTokens: meanTokens(promptTokens) + meanTokens(outputTokens) / 2,
  };
  return typicalSteps(run.latency, batch, run.serving.maxNumBatchedTokens);
}

function describe(situation: Situation, run: Run, fit: ReplicaMemory, simulated: Simulated): Evaluation {
  const { result } = simulated;
  const { strategy, serving } = run;
  const kvPeakTokens = (result.maxKvUsage || 0) * fit.kvCacheTokens;
  const memory = memoryRow(fit, kvPeakTokens);
  const steps = stepsOf(situation, run, result);
  const latency = bandLatency(result, run.latency.basis);
  const throughput = throughputOf(situation, run, result);
  const promptsPerSecond = throughput.requestRate / strategy.dataParallel;
  const promptTokensPerSecond = promptsPerSecond * computedPromptTokens(situation);
  const balance: Balance = {
    memoryEpsilon: relativeSpread(demandOfStages(fit, kvPeakTokens)),
    computeEpsilon: computeEpsilon(situation, strategy, result),
    gpuUtilization: throughput.requestRate / throughput.saturatedRequestRate,
    bubbleShare: result.bubbleShare,
  };
  const requirements = [
    ...structuralRequirements(situation, strategy),
    ...memoryRequirements(situation, strategy, serving, fit),
    memoryFraction(situation, { fraction: memory.demandFraction, bytes: memory.demandBytes }),
    memoryBalance(situation, balance.memoryEpsilon),
    ...latencyRequirements(situation, latency),
    ...loadRequirements(situation, {
      throughput,
      gpuUtilization: balance.gpuUtilization,
      stable: result.stable,
    }),
  ];
  const violations = violationsOf(requirements);
  const timePerToken = result.steady.timePerOutputToken.meanMs;
  const perMillion = usdPerMillionTokens(
    usdPerHour(situation),
    (throughput.outputTokensPerSecond * throughput.sustainableRequestRate) / throughput.requestRate,
  );
  const candidate: Candidate = {
    strategy,
    feasible: true,
    meetsSlo: violations.length === 0,
    reasons: violations.map(({ requirement, value }) => `${value}; required: ${requirement}`),
    violations,
    bottleneck: findBottleneck({
      situation,
      strategy,
      result,
      steps,
      memory,
      prefillTimeShare:
        (promptTokensPerSecond / serving.maxNumBatchedTokens) * (steps.prefill.totalMs / 1000),
    }),
    serving,
    memory,
    latency,
    throughput,
    communication: communicate(situation, strategy, {
      steps,
      tokensPerSecond: promptTokensPerSecond + throughput.outputTokensPerSecond / strategy.dataParallel,
    }),
    balance,
    tokensPerSecondPerUser: 1000 / timePerToken,
    simulatedRequests: simulated.requests,
    ...(perMillion === undefined ? {} : { costUsdPerMillionOutputTokens: perMillion }),
  };
  return {
    candidate,
    requirements,
    fit,
    latencyModel: run.latency,
    result,
    steps,
    meanRequestMs:
      result.steady.firstToken.meanMs +
      (meanTokens(situation.deployment.workload.outputTokens) - 1) * timePerToken,
  };
}

function memoryRequirements(
  situation: Situation,
  strategy: Strategy,
  serving: ServingParameters,
  fit: ReplicaMemory,
): Requirement[] {
  // Where the weights do not fit there is no cache to speak of: one reason is enough.
  const cache = holdsWeights(fit) ? [oneSequenceFits(situation, fit)] : [];
  return [weightsFit(situation, strategy, fit), ...cache, batchHoldsSequences(serving)];
}

/**
 * Plans one strategy: is it valid, does it fit, with which serving parameters, how fast is it, what does it sustain.
 * Never throws for a strategy that cannot work; the requirements then say why.
 */
export function evaluateCandidate(
  situation: Situation,
  strategy: Strategy,
  steps: number = effort.candidate,
): Evaluation {
  const bounds = servingThatFits(situation, strategy);
  const boundsFit = fitMemory(situation, strategy, bounds);
  const before = [
    ...structuralRequirements(situation, strategy),
    ...memoryRequirements(situation, strategy, bounds, boundsFit),
  ];
  if (refused(situation, strategy, before)) return infeasible(strategy, bounds, boundsFit, before);
  const { run, fit } = tuneBudget(situation, strategy, bounds);
  const rate = situation.deployment.workload.requestRate;
  const requests = requestsWorth(situation, run, { rate, steps });
  const result = runSimulation(situation, run, { ...serviceTraffic(situation, strategy, rate), requests });
  if (result.infeasible !== undefined) {
    const limit: Requirement = {
      id: "request-fits",
      requirement: "every request of the workload fits into the KV cache of a replica",
      value: 0,
      limit: 1,
      unit: "share",
      bound: "least",
      valueText: result.infeasible,
      configKey: "envelope.maxModelLen",
      change:
        "lower the lengths of workload.promptTokens or workload.outputTokens, or raise strategy.tensorParallel",
    };
    return infeasible(strategy, run.serving, fit, [...before, limit]);
  }
  return describe(situation, run, fit, { result, requests });
}
