import type { TrafficInput } from "../types";
import { exponential, gamma, type RandomStream } from "./random-stream";

/**
 * Instants in ms at which the requests of open traffic are sent, in order; for `closed` those of the first wave (0),
 * the rest is decided by completions. Bursty arrivals have gamma-distributed gaps of the given squared variation.
 */
export function arrivalTimes(traffic: TrafficInput, stream: RandomStream): Float64Array {
  const { arrivals, requests } = traffic;
  const times = new Float64Array(requests);
  if (arrivals.kind === "closed" || arrivals.kind === "offline") return times;
  if (arrivals.kind === "trace") {
    for (let i = 0; i < requests; i++) times[i] = arrivals.arrivalSeconds[i] * 1000;
    return times.sort();
  }
  const meanGapMs = 1000 / arrivals.requestRate;
  const burst = Math.min(traffic.burstStart ?? 0, requests);
  let now = 0;
  for (let i = burst; i < requests; i++) {
    times[i] = now;
    if (arrivals.kind === "constant") now = (i - burst + 1) * meanGapMs;
    else if (arrivals.kind === "poisson") now += meanGapMs * exponential(stream);
    else now += meanGapMs * gamma(stream, 1 / arrivals.squaredVariation) * arrivals.squaredVariation;
  }
  return times;
}
