import { countText, msText, percentText, rateText } from "../figures/quantity-text";
import type { Situation } from "../situation";
import type { BandedLatency, PlanLatency, Throughput } from "../types";
import type { Requirement } from "./requirement";
import { targetedLatencies } from "./targets";

/** Check id and meaning of each latency. */
const latencies = {
  prefill: { id: "prefill", what: "time from being scheduled to the first token" },
  firstToken: { id: "first-token", what: "time to first token" },
  decode: { id: "decode", what: "gap between tokens" },
} as const;

/** What lowers each latency. */
const remedies = {
  prefill: "raise strategy.tensorParallel or serving.maxNumBatchedTokens",
  firstToken:
    "lower workload.requestRate, raise serving.maxNumBatchedTokens, or add replicas with hardware.nodes",
  decode:
    "lower serving.maxNumBatchedTokens (prefill chunks delay decoding), or raise strategy.tensorParallel",
} as const;

/** The latency targets: p50 and p99 of each latency. */
export function latencyRequirements(situation: Situation, latency: PlanLatency): Requirement[] {
  const { deployment } = situation;
  return targetedLatencies(situation).flatMap((key) =>
    (["p50", "p99"] as const).map((percentile): Requirement => {
      const { id, what } = latencies[key];
      const banded: BandedLatency = latency[key];
      const value = percentile === "p50" ? banded.p50Ms : banded.p99Ms;
      const limit = deployment.slo[key][`${percentile}Ms`];
      return {
        id: `${id}-${percentile}`,
        requirement: `${id.replace("-", " ")} ${percentile} (${what}) at most ${msText(limit)}`,
        value,
        limit,
        unit: "ms",
        bound: "most",
        valueText: msText(value),
        configKey: `slo.${key}.${percentile}Ms`,
        change: `${remedies[key]}, or raise slo.${key}.${percentile}Ms`,
      };
    }),
  );
}

/** What the simulation says of the load. */
export interface LoadFigures {
  readonly throughput: Throughput;
  readonly gpuUtilization: number;
  readonly stable: boolean;
}

/** Closed and offline traffic adapt to the service: there is no rate that could be too high. */
export function isRateDriven({ deployment }: Situation): boolean {
  return deployment.workload.arrivals !== "closed" && deployment.workload.arrivals !== "offline";
}

function requestRate({ deployment }: Situation, { throughput, stable }: LoadFigures): Requirement {
  const { requestRate } = deployment.workload;
  const sustained = throughput.sustainableRequestRate;
  const perMinute = 60 * Math.max(0, requestRate - throughput.saturatedRequestRate);
  const growth = perMinute > 0 ? `by ${countText(perMinute)} requests a minute` : "without bound";
  const unstable = `the queue grows ${growth}; at most ${rateText(throughput.saturatedRequestRate)} can be served at all`;
  return {
    id: "request-rate",
    requirement: `serves ${rateText(requestRate)} within every latency target`,
    value: stable ? sustained : Math.min(sustained, throughput.saturatedRequestRate),
    limit: requestRate,
    unit: "requests/s",
    bound: "least",
    valueText: `${rateText(sustained)} within the targets${stable ? "" : `: ${unstable}`}`,
    configKey: "workload.requestRate",
    change: "lower workload.requestRate, raise hardware.nodes, or loosen the target that fails first",
  };
}

function maxBatch({ deployment }: Situation, { throughput }: LoadFigures): Requirement {
  const limit = deployment.envelope.maxBatchSize;
  return {
    id: "max-batch",
    requirement: `the largest batch of a replica at the requested rate is at most ${limit}`,
    value: throughput.maxBatchSize,
    limit,
    unit: "sequences",
    bound: "most",
    valueText: `${throughput.maxBatchSize} sequences`,
    configKey: "envelope.maxBatchSize",
    change: "raise envelope.maxBatchSize, lower serving.maxNumSeqs, or add replicas (strategy.dataParallel)",
  };
}

function maxConcurrency({ deployment }: Situation, { throughput }: LoadFigures): Requirement {
  const limit = deployment.envelope.maxNumSeqs;
  return {
    id: "max-concurrency",
    requirement: `a replica runs at most ${limit} sequences at once`,
    value: throughput.maxConcurrentSequences,
    limit,
    unit: "sequences",
    bound: "most",
    valueText: `${throughput.maxConcurrentSequences} sequences`,
    configKey: "envelope.maxNumSeqs",
    change: "lower serving.maxNumSeqs or raise envelope.maxNumSeqs",
  };
}

function maxBatchedTokens({ deployment }: Situation, { throughput }: LoadFigures): Requirement {
  const limit = deployment.envelope.maxNumBatchedTokens;
  return {
    id: "max-batched-tokens",
    requirement: `a step holds at most ${limit} tokens`,
    value: throughput.maxBatchedTokens,
    limit,
    unit: "tokens",
    bound: "most",
    valueText: `${throughput.maxBatchedTokens} tokens`,
    configKey: "envelope.maxNumBatchedTokens",
    change: "lower serving.maxNumBatchedTokens or raise envelope.maxNumBatchedTokens",
  };
}

function utilization({ deployment }: Situation, { gpuUtilization }: LoadFigures): Requirement {
  const limit = deployment.envelope.gpuUtilizationTarget;
  return {
    id: "gpu-utilization",
    requirement: `the requested rate asks for at most ${percentText(limit)} of what the GPUs can serve`,
    value: gpuUtilization,
    limit,
    unit: "share",
    bound: "most",
    valueText: percentText(gpuUtilization),
    configKey: "envelope.gpuUtilizationTarget",
    change: "lower workload.requestRate, raise hardware.nodes, or raise envelope.gpuUtilizationTarget",
  };
}

/** Requirements on load: the batch limits always, rate and utilisation where requests arrive at a rate. */
export function loadRequirements(situation: Situation, figures: LoadFigures): Requirement[] {
  const limits = [maxBatch, maxConcurrency, maxBatchedTokens];
  const rates = isRateDriven(situation) ? [requestRate, utilization] : [];
  return [...limits, ...rates].map((requirement) => requirement(situation, figures));
}
