import { countText, msText, percentText, rateText } from "../figures/quantity-text";
import type { SeenLatency } from "../replica/observe";
import type { Situation } from "../situation";
import type { ServingParameters } from "../types";
import type { Requirement } from "./requirement";
import type { TargetedLatency } from "./targets";

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

/** The two targets of one latency. */
export function latencyRequirements(
  { deployment }: Situation,
  name: TargetedLatency,
  seen: SeenLatency,
): Requirement[] {
  const { id, what } = latencies[name];
  return (["p50", "p99"] as const).map((percentile): Requirement => {
    const value = seen[`${percentile}Ms`];
    const limit = deployment.slo[name][`${percentile}Ms`];
    return {
      id: `${id}-${percentile}`,
      requirement: `${id.replace("-", " ")} ${percentile} (${what}) is at most ${msText(limit)}`,
      value,
      limit,
      unit: "ms",
      bound: "most",
      standardError: value * seen[`${percentile}Error`],
      valueText: msText(value),
      broken: () => slowText({ name: `${id.replace("-", " ")} ${percentile} (${what})`, value, limit }),
      configKey: `slo.${name}.${percentile}Ms`,
      change: `${remedies[name]}, or raise slo.${name}.${percentile}Ms`,
    };
  });
}

function slowText({ name, value, limit }: { name: string; value: number; limit: number }): string {
  const subject = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return Number.isFinite(value)
    ? `${subject} is ${msText(value)}, ${msText(value - limit)} more than the ${msText(limit)} allowed.`
    : `${subject} has no value, because no request got that far.`;
}

/** What a run says of the load. */
export interface LoadFigures {
  /** Sequences that a replica runs at once at most for 99 % of the time. */
  readonly batch: number;
  readonly serving: ServingParameters;
  /** Requested over saturated rate. */
  readonly gpuUtilization: number;
}

/** Closed and offline traffic adapt to the service: there is no rate that could be too high. */
export function isRateDriven({ deployment }: Pick<Situation, "deployment">): boolean {
  return deployment.workload.arrivals !== "closed" && deployment.workload.arrivals !== "offline";
}

/** The requested rate against the highest at which everything else holds (requests per second over all replicas). */
export function rateRequirement(
  { deployment }: Situation,
  highestRate: number,
  saturated: number,
): Requirement {
  const { requestRate } = deployment.workload;
  const overload =
    requestRate > saturated
      ? `the queue grows by ${countText(60 * (requestRate - saturated))} requests a minute; at most ${rateText(saturated)} can be served at all, and `
      : "";
  return {
    id: "request-rate",
    requirement: `the plan serves ${rateText(requestRate)} within every requirement`,
    value: highestRate,
    limit: requestRate,
    unit: "requests/s",
    bound: "least",
    valueText: `${overload}${rateText(highestRate)} within the requirements`,
    broken: () => tooOftenText({ requestRate, highestRate, saturated }),
    configKey: "workload.requestRate",
    change: "lower workload.requestRate, raise hardware.nodes, or loosen the target that fails first",
  };
}

function tooOftenText({
  requestRate,
  highestRate,
  saturated,
}: Record<"requestRate" | "highestRate" | "saturated", number>): string {
  const held =
    highestRate === 0
      ? "There is no rate at which every requirement holds"
      : `Every requirement holds only up to ${rateText(highestRate)}`;
  return requestRate > saturated
    ? `The queue grows by ${countText(60 * (requestRate - saturated))} requests a minute, because ${rateText(requestRate)} arrive and at most ${rateText(saturated)} are served. ${held}.`
    : `${held}, and ${rateText(requestRate)} arrive.`;
}

function maxBatch({ deployment }: Situation, { batch }: LoadFigures): Requirement {
  const limit = deployment.envelope.maxBatchSize;
  return {
    id: "max-batch",
    requirement: `a replica runs at most ${countText(limit)} sequences at once for 99 % of the time`,
    value: batch,
    limit,
    unit: "sequences",
    bound: "most",
    valueText: `${batch} sequences`,
    broken: () =>
      `A replica runs up to ${batch} sequences at once, and at most ${countText(limit)} are allowed for 99 % of the time.`,
    configKey: "envelope.maxBatchSize",
    change: "raise envelope.maxBatchSize, lower serving.maxNumSeqs, or add replicas (strategy.dataParallel)",
  };
}

function maxConcurrency({ deployment }: Situation, { serving }: LoadFigures): Requirement {
  const limit = deployment.envelope.maxNumSeqs;
  return {
    id: "max-concurrency",
    requirement: `a replica runs at most ${countText(limit)} sequences at once`,
    value: serving.maxNumSeqs,
    limit,
    unit: "sequences",
    bound: "most",
    valueText: `${serving.maxNumSeqs} sequences`,
    configKey: "envelope.maxNumSeqs",
    change: "lower serving.maxNumSeqs or raise envelope.maxNumSeqs",
  };
}

function maxBatchedTokens({ deployment }: Situation, { serving }: LoadFigures): Requirement {
  const limit = deployment.envelope.maxNumBatchedTokens;
  return {
    id: "max-batched-tokens",
    requirement: `a step holds at most ${countText(limit)} tokens`,
    value: serving.maxNumBatchedTokens,
    limit,
    unit: "tokens",
    bound: "most",
    valueText: `${serving.maxNumBatchedTokens} tokens`,
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
    broken: () =>
      `The requested rate takes ${percentText(gpuUtilization)} of what the GPUs can serve, and at most ${percentText(limit)} is allowed.`,
    configKey: "envelope.gpuUtilizationTarget",
    change: "lower workload.requestRate, raise hardware.nodes, or raise envelope.gpuUtilizationTarget",
  };
}

/** Requirements on load: the batch limits always, utilisation where requests arrive at a rate. */
export function loadRequirements(situation: Situation, figures: LoadFigures): Requirement[] {
  const limits = [maxBatch, maxConcurrency, maxBatchedTokens];
  const rates = isRateDriven(situation) ? [utilization] : [];
  return [...limits, ...rates].map((requirement) => requirement(situation, figures));
}

/** What an overloaded strategy can still be held against: its limits and its utilisation, no latency and no batch. */
export function overloadRequirements(
  situation: Situation,
  figures: Omit<LoadFigures, "batch">,
): Requirement[] {
  return [maxConcurrency, maxBatchedTokens, utilization].map((requirement) =>
    requirement(situation, { ...figures, batch: Number.NaN }),
  );
}
