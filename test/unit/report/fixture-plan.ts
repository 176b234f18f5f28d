import { findModel, resolveHardware } from "../../../lib/catalog";
import { type DeploymentInput, parseDeployment } from "../../../lib/config";
import type { StepBreakdown } from "../../../lib/performance";
import type { BandedLatency, Candidate, Plan, Strategy } from "../../../lib/strategy";

/**
 * A plan with round figures, so that a test can say by heart what the report must print. The golden files use the
 * planner's own plans; this one is for the report alone.
 */
export function fixturePlan(changes: Partial<Plan> = {}, input: DeploymentInput = {}): Plan {
  const deployment = parseDeployment(input);
  const { gpu, instance } = resolveHardware(deployment.hardware);
  const chosen = fixtureCandidate({});
  const { memory, latency, throughput, communication, balance } = chosen;
  if (!latency || !throughput || !communication || !balance) throw new Error("the fixture runs");
  return {
    schemaVersion: 1,
    deployment,
    model: findModel(deployment.model.name),
    gpu,
    instance,
    objective: "latency",
    strategy: chosen.strategy,
    pinned: true,
    recommendation: { strategy: chosen.strategy, sentence: "it has the lowest decode p99" },
    candidates: [chosen, slowCandidate(), impossibleCandidate()],
    chosen,
    moduleDivision: Array.from({ length: 8 }, (_, gpuIndex) => ({
      gpu: gpuIndex,
      node: 0,
      replica: 0,
      stage: 0,
      tensorRank: gpuIndex,
      firstLayer: 0,
      lastLayer: 79,
      embedding: true,
      logits: true,
    })),
    memoryPerGpu: memory,
    latency,
    throughput,
    communication,
    balance,
    checks: [
      {
        id: "decode-p99",
        requirement: "decode p99 <= 100 ms",
        value: 40,
        limit: 100,
        margin: 60,
        unit: "ms",
        pass: true,
        configKey: "slo.decode.p99Ms",
      },
    ],
    violations: [],
    cost: {
      usdPerHour: 55.04,
      usdPerMonth: 55.04 * 730,
      usdPerMillionOutputTokens: 12,
      priceSource: "a price list (2026-07-20)",
    },
    serving: { ...chosen.serving, executor: "ray" },
    steps: { decode: fixtureStep(10), prefill: fixtureStep(100) },
    chunks: [],
    simulation: undefined,
    provenance: [
      {
        figure: "memoryPerGpu.weightsBytes",
        kind: "derived",
        formula: "parameters * bytesPerParameter / tensorParallel",
        inputs: { parameters: 70_553_706_496, bytesPerParameter: 2, tensorParallel: 8 },
        source: "model architecture",
      },
      ...(["p50Ms", "p99Ms", "p50LowMs", "p50HighMs", "p99LowMs", "p99HighMs"] as const).map((name) => ({
        figure: `latency.decode.${name}` as const,
        kind: "simulated" as const,
        formula: "percentile of the simulation",
        inputs: {},
        source: "simulation over measured kernels",
      })),
    ],
    ...changes,
  };
}

export function fixtureStrategy(tensorParallel: number, dataParallel = 1): Strategy {
  return {
    tensorParallel,
    pipelineParallel: 1,
    dataParallel,
    expertParallel: 1,
    sequenceParallel: 1,
    gpus: tensorParallel * dataParallel,
  };
}

/** TP 8 with 17.5 GB of weights, 68 GB for vLLM of 80 GB, every target met. */
export function fixtureCandidate(changes: Partial<Candidate>): Candidate {
  return {
    strategy: fixtureStrategy(8),
    feasible: true,
    meetsSlo: true,
    reasons: [],
    violations: [],
    bottleneck: { kind: "weights-bandwidth", sentence: "reading the weights takes half of a decode step" },
    serving: {
      maxNumSeqs: 128,
      maxNumBatchedTokens: 2048,
      maxModelLen: 8192,
      gpuMemoryUtilization: 0.85,
      cudaGraphs: { largestTokens: 256, stride: 16 },
      prefillInterval: 1,
      watermark: 0,
    },
    memory: {
      totalBytes: 80e9,
      usableBytes: 68e9,
      weightsBytes: 17.5e9,
      activationBytes: 1e9,
      nonTorchBytes: 0.5e9,
      cudaGraphBytes: 0.5e9,
      kvCacheBytes: 48.5e9,
      kvCacheTokens: 1_184_082,
      kvCacheTokensLow: 1_100_000,
      kvCacheTokensHigh: 1_200_000,
      demandBytes: 22e9,
      demandFraction: 0.275,
    },
    latency: {
      prefill: banded(150, 400),
      firstToken: banded(200, 500),
      decode: banded(20, 40),
    },
    throughput: {
      maxBatchSize: 48,
      maxConcurrentSequences: 52,
      maxBatchedTokens: 2048,
      requestRate: 8,
      sustainableRequestRate: 12,
      highestRequestRate: 13,
      saturatedRequestRate: 16,
      outputTokensPerSecond: 1248,
      outputTokensPerSecondPerGpu: 156,
    },
    communication: {
      allReduceBytesPerTokenPerLayer: 32_768,
      bytesPerDecodeStepPerGpu: 45_000_000,
      decodeStepShare: 0.2,
      prefillShare: 0.15,
      nvlinkUtilization: 0.04,
    },
    balance: { memoryEpsilon: 0, computeEpsilon: 0, gpuUtilization: 0.6, bubbleShare: 0 },
    tokensPerSecondPerUser: 50,
    costUsdPerMillionOutputTokens: 12,
    ...changes,
  };
}

const slowCandidate = (): Candidate =>
  fixtureCandidate({
    strategy: fixtureStrategy(4, 2),
    meetsSlo: false,
    reasons: ["decode p99 120 ms exceeds 100 ms"],
    latency: { prefill: banded(250, 800), firstToken: banded(300, 900), decode: banded(30, 120) },
    tokensPerSecondPerUser: 33,
  });

const impossibleCandidate = (): Candidate => {
  const { latency, throughput, communication, balance, tokensPerSecondPerUser, ...rest } = fixtureCandidate({
    strategy: fixtureStrategy(1, 8),
    feasible: false,
    meetsSlo: false,
    reasons: ["141.1 GB of weights do not fit into 68.0 GB"],
  });
  return {
    ...rest,
    memory: { ...rest.memory, weightsBytes: 141.1e9, kvCacheBytes: -75.1e9, kvCacheTokens: 0 },
  };
};

/** A band from 10 % below to 20 % above. */
function banded(p50Ms: number, p99Ms: number): BandedLatency {
  return {
    p50Ms,
    p99Ms,
    p50LowMs: 0.9 * p50Ms,
    p50HighMs: 1.2 * p50Ms,
    p99LowMs: 0.9 * p99Ms,
    p99HighMs: 1.2 * p99Ms,
  };
}

/** Half matrix products, a quarter attention, a fifth all-reduce, a twentieth host. */
function fixtureStep(totalMs: number): StepBreakdown {
  return {
    gemmMs: 0.5 * totalMs,
    attentionMs: 0.25 * totalMs,
    allReduceMs: 0.2 * totalMs,
    allToAllMs: 0,
    pipelineTransferMs: 0,
    elementwiseMs: 0,
    logitsMs: 0,
    hostMs: 0.05 * totalMs,
    totalMs,
  };
}
