import type { Watch } from "./watch";

/** Share of the arriving requests that may pile up before the queue counts as growing. */
const GROWTH_LIMIT = 0.02;

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length > 0 ? sum / values.length : 0;
}

/**
 * Whether the queue of open traffic stays bounded: compares its mean in the second and in the last quarter of the
 * arrivals. Beyond capacity it grows by a fixed share of the arrivals between them (1 - 1/utilisation); within capacity
 * the difference is noise, of the order of the root of its length. Closed and offline traffic is always stable.
 */
export function isStable(watch: Watch, requests: number): boolean {
  const waiting = watch.queueSamples;
  const quarter = Math.floor(waiting.length / 4);
  if (quarter === 0) return true;
  const early = mean(waiting.slice(quarter, 2 * quarter));
  const late = mean(waiting.slice(3 * quarter));
  const growth = (late - early) / (requests / 2);
  return !(growth > GROWTH_LIMIT && late - early > 4 * Math.sqrt(early + 1));
}
