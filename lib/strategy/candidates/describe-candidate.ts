import { meanTokens } from "../../config";
import { type BandRegime, partitionLayers, type SimulationResult } from "../../performance";
import { usdPerHour, usdPerMillionTokens } from "../figures/price";
import { bandLatency, evidenceOf } from "../replica/band-latency";
import { findBottleneck } from "../replica/bottleneck";
import { communicate, computedPromptTokens, typicalSteps } from "../replica/communicate";
import { demandOfStages, memoryRow, relativeSpread } from "../replica/fit-memory";
import type { Replica } from "../replica/replica";
import { expectedDecodes } from "../replica/simulation-effort";
import { loadedRequirements } from "../requirements/assess";
import { type Requirement, violationsOf } from "../requirements/requirement";
import { isRateDriven, overloadRequirements, rateRequirement } from "../requirements/service-requirements";
import type { Situation } from "../situation";
import type { Balance, Candidate, Throughput, TypicalSteps } from "../types";
import type { Evaluation, Settled } from "./evaluation";
import { meanRequestMs, type Tuned } from "./tune-serving";
import type { VerdictRun } from "./verdict-run";

/** The same, simulated at the requested rate. */
export interface Simulated extends Settled {
  readonly run: VerdictRun;
}

const first = ({ run }: Simulated): SimulationResult => run.results[0] as SimulationResult;

/** Mean of a figure over the runs. */
function mean({ run }: Simulated, figure: (result: SimulationResult) => number): number {
  return run.results.reduce((sum, result) => sum + figure(result), 0) / run.results.length;
}

function limitsOf({ replica: { serving } }: Tuned) {
  return { maxConcurrentSequences: serving.maxNumSeqs, maxBatchedTokens: serving.maxNumBatchedTokens };
}

function ratesOf({ saturated, sustained, fastest }: Settled) {
  return {
    sustainableRequestRate: sustained.rate,
    sustainableEndsBy: sustained.endsBy,
    // Two searches of the same thing end some tenths of a per cent apart.
    highestRequestRate: Math.max(fastest.sustained.rate, sustained.rate),
    highestEndsBy: fastest.sustained.endsBy,
    saturatedRequestRate: saturated,
  };
}

function throughputOf(situation: Situation, simulated: Simulated): Throughput {
  const { gpus } = simulated.replica.strategy;
  const served = mean(simulated, ({ steady }) => steady.requestsPerSecond);
  const outputTokensPerSecond = mean(simulated, ({ steady }) => steady.outputTokensPerSecond);
  // Work that is all there at once, or always there, is served at the saturated rate of its own concurrency.
  const rates = isRateDriven(situation)
    ? { requestRate: situation.deployment.workload.requestRate, ...ratesOf(simulated) }
    : {
        requestRate: served,
        sustainableRequestRate: served,
        highestRequestRate: served,
        saturatedRequestRate: served,
      };
  return {
    maxBatchSize: simulated.run.seen.batch,
    ...limitsOf(simulated),
    ...rates,
    outputTokensPerSecond,
    outputTokensPerSecondPerGpu: outputTokensPerSecond / gpus,
  };
}

const imbalanceOf = (simulated: Simulated): number =>
  simulated.replica.strategy.dataParallel > 1 ? first(simulated).replicaImbalance : 0;

function balanceOf(situation: Situation, simulated: Simulated, throughput: Throughput): Balance {
  const { pipelineParallel } = simulated.replica.strategy;
  const layers = partitionLayers(situation.model.layers, pipelineParallel);
  return {
    memoryEpsilon: relativeSpread(demandOfStages(simulated.replica.memory, simulated.run.seen.kvTokens)),
    computeEpsilon: Math.max(relativeSpread(layers), imbalanceOf(simulated)),
    gpuUtilization: throughput.requestRate / throughput.saturatedRequestRate,
    bubbleShare: first(simulated).bubbleShare,
  };
}

/** A decode step of `sequences` sequences at their mean context, and a step that fills the token budget. */
function stepsOf({ deployment }: Situation, { latency, serving }: Replica, sequences: number): TypicalSteps {
  const { promptTokens, outputTokens } = deployment.workload;
  const contextTokens = meanTokens(promptTokens) + meanTokens(outputTokens) / 2;
  return typicalSteps(latency, { sequences, contextTokens }, serving.maxNumBatchedTokens);
}

/** Prompt tokens per second that one replica computes. */
function promptTokensPerSecond(situation: Situation, { strategy }: Replica, requestRate: number): number {
  return (requestRate / strategy.dataParallel) * computedPromptTokens(situation);
}

/** Share of a capacity beyond which queues decide: where the bands of a saturated system apply. */
const NEARLY_FULL = 0.8;

function regimeOf(situation: Situation, simulated: Simulated, throughput: Throughput): BandRegime {
  const { replica, run } = simulated;
  const fullest = Math.max(
    run.seen.kvTokens / replica.memory.kvCacheTokens,
    run.seen.batch / replica.serving.maxNumSeqs,
    throughput.requestRate / throughput.saturatedRequestRate,
  );
  return { ...evidenceOf(situation, replica), load: fullest >= NEARLY_FULL ? "saturated" : "moderate" };
}

/** Everything a candidate shows of itself, apart from verdict and reasons. */
function figuresOf(situation: Situation, simulated: Simulated) {
  const { replica, run } = simulated;
  const { strategy, serving } = replica;
  const running = mean(simulated, ({ meanRunningSequences }) => meanRunningSequences);
  const steps = stepsOf(situation, replica, running / strategy.dataParallel);
  const throughput = throughputOf(situation, simulated);
  const regime = regimeOf(situation, simulated, throughput);
  const prompts = promptTokensPerSecond(situation, replica, throughput.requestRate);
  const outputs = throughput.outputTokensPerSecond / strategy.dataParallel;
  // Stages work on different chunks at once: a pipeline takes in a chunk in the time of one stage.
  const chunkSeconds = steps.prefill.totalMs / 1000 / strategy.pipelineParallel;
  const prefillTimeShare = (prompts / serving.maxNumBatchedTokens) * chunkSeconds;
  const memory = memoryRow(replica.memory, run.seen.kvTokens);
  return {
    steps,
    seen: {
      kvUsageP99: run.seen.kvTokens / replica.memory.kvCacheTokens,
      timePerOutputTokenMs: mean(simulated, ({ steady }) => steady.timePerOutputToken.meanMs),
      replicaImbalance: imbalanceOf(simulated),
      errors: run.seen.latency,
      regime,
    },
    memory,
    throughput,
    latency: bandLatency(run.seen.latency, regime),
    balance: balanceOf(situation, simulated, throughput),
    communication: communicate(situation, strategy, { steps, tokensPerSecond: prompts + outputs }),
    bottleneck: findBottleneck({
      situation,
      strategy,
      result: first(simulated),
      steps,
      memory,
      prefillTimeShare,
    }),
  };
}

/** USD per million output tokens at the highest rate; nothing without a price or a rate. */
function costOf(situation: Situation, requestRate: number): Partial<Candidate> {
  const tokens = requestRate * meanTokens(situation.deployment.workload.outputTokens);
  const usd = usdPerMillionTokens(usdPerHour(situation), tokens);
  return usd === undefined ? {} : { costUsdPerMillionOutputTokens: usd };
}

function verdictOf(requirements: readonly Requirement[]) {
  const violations = violationsOf(requirements);
  return {
    meetsSlo: violations.length === 0,
    reasons: violations.map(({ sentence }) => sentence),
    violations,
  };
}

/** Describes a strategy that was simulated, and holds it against every requirement. */
export function describeCandidate(situation: Situation, simulated: Simulated): Evaluation {
  const { replica, run, met, sustained, saturated } = simulated;
  const figures = figuresOf(situation, simulated);
  const { throughput } = figures;
  const seen = { ...run.seen, rate: throughput.requestRate, saturated: throughput.saturatedRequestRate };
  const requirements = [
    ...met,
    ...loadedRequirements(situation, replica, seen),
    ...(isRateDriven(situation) ? [rateRequirement(situation, sustained.rate, saturated)] : []),
  ];
  const candidate: Candidate = {
    strategy: replica.strategy,
    feasible: true,
    ...verdictOf(requirements),
    serving: replica.serving,
    ...figures,
    tokensPerSecondPerUser: 1000 / figures.seen.timePerOutputTokenMs,
    simulatedRequests: run.requests,
    ...costOf(situation, throughput.highestRequestRate),
  };
  return {
    candidate,
    requirements,
    result: first(simulated),
    tuned: simulated,
    meanRequestMs: mean(simulated, ({ steady }) => meanRequestMs(situation, steady)),
  };
}

/**
 * Describes a strategy that is asked for more than it can serve. Its queue grows without bound, so it has no latency, no
 * batch and no price per token at this load: what it can serve at most is what there is to say.
 */
export function describeOverload(situation: Situation, rated: Settled): Evaluation {
  const { replica, saturated, sustained, met } = rated;
  const { requestRate } = situation.deployment.workload;
  const { serving, strategy, memory } = replica;
  const gpuUtilization = requestRate / saturated;
  const tokens = saturated * meanTokens(situation.deployment.workload.outputTokens);
  const requirements = [
    ...met,
    ...overloadRequirements(situation, { serving, gpuUtilization }),
    rateRequirement(situation, sustained.rate, saturated),
  ];
  const rates = ratesOf(rated);
  const candidate: Candidate = {
    strategy,
    feasible: true,
    ...verdictOf(requirements),
    serving,
    memory: memoryRow(memory, memory.kvCacheTokens),
    throughput: {
      maxBatchSize: Number.NaN,
      ...limitsOf(rated),
      requestRate,
      ...rates,
      outputTokensPerSecond: tokens,
      outputTokensPerSecondPerGpu: tokens / strategy.gpus,
    },
    balance: {
      memoryEpsilon: Number.NaN,
      computeEpsilon: Number.NaN,
      gpuUtilization,
      bubbleShare: Number.NaN,
    },
    bottleneck: { kind: "queue", sentence: "requests arrive faster than they can be served" },
    steps: stepsOf(situation, replica, expectedDecodes(situation, replica, saturated)),
  };
  return { candidate, requirements, tuned: rated, meanRequestMs: Number.POSITIVE_INFINITY };
}
