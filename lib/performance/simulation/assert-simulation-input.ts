import type { LengthDistribution } from "../../config";
import type { SimulationInput, TrafficInput } from "../types";

function assertAtLeast(name: string, value: number, least: number): void {
  if (!(value >= least && value < Number.POSITIVE_INFINITY))
    throw new RangeError(`${name} is ${value}, must be at least ${least}`);
}

function assertPositive(name: string, value: number): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new RangeError(`${name} is ${value}, must be above 0`);
}

function assertLengths(name: string, lengths: LengthDistribution): void {
  switch (lengths.kind) {
    case "fixed":
      assertAtLeast(`${name}.tokens`, lengths.tokens, 1);
      break;
    case "uniform":
      assertAtLeast(`${name}.min`, lengths.min, 1);
      assertAtLeast(`${name}.max`, lengths.max, lengths.min);
      break;
    case "lognormal":
      assertPositive(`${name}.median`, lengths.median);
      assertAtLeast(`${name}.mean`, lengths.mean, lengths.median);
      assertAtLeast(`${name}.min`, lengths.min ?? 1, 1);
      break;
    case "empirical":
      for (const quantile of lengths.quantiles) assertPositive(`${name}.quantiles`, quantile);
      assertAtLeast(`${name}.quantiles.length`, lengths.quantiles.length, 2);
  }
}

function assertArrivals({ arrivals, requests }: TrafficInput): void {
  switch (arrivals.kind) {
    case "closed":
      assertAtLeast("concurrency", arrivals.concurrency, 1);
      break;
    case "offline":
      break;
    case "trace":
      for (const second of arrivals.arrivalSeconds) assertAtLeast("arrivalSeconds", second, 0);
      assertAtLeast("arrivalSeconds.length", arrivals.arrivalSeconds.length, requests);
      break;
    default:
      assertPositive("requestRate", arrivals.requestRate);
  }
  if (arrivals.kind === "bursty") assertPositive("squaredVariation", arrivals.squaredVariation);
}

/** Throws a RangeError that names the first value out of range. NaN is always out of range. */
export function assertSimulationInput({ traffic, scheduler, replicas }: SimulationInput): void {
  assertAtLeast("requests", traffic.requests, 1);
  assertAtLeast("seed", traffic.seed, 0);
  assertAtLeast("replicas", replicas, 1);
  assertAtLeast("maxNumSeqs", scheduler.maxNumSeqs, 1);
  assertAtLeast("maxNumBatchedTokens", scheduler.maxNumBatchedTokens, 1);
  assertAtLeast("kvCacheTokens", scheduler.kvCacheTokens, 0);
  assertAtLeast("prefillInterval", scheduler.prefillInterval ?? 1, 1);
  const { watermark = 0 } = scheduler;
  if (!(watermark >= 0 && watermark < 1))
    throw new RangeError(`watermark is ${watermark}, must be from 0 to below 1`);
  assertAtLeast("cachedPrefixTokens", traffic.cachedPrefixTokens, 0);
  assertLengths("promptTokens", traffic.promptTokens);
  assertLengths("outputTokens", traffic.outputTokens);
  assertArrivals(traffic);
}
