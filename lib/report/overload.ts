import type { Candidate, Plan } from "../strategy";
import { count, plain, significant } from "./format-number";

/** More arrives than can be served: the queue grows for as long as the load lasts. */
export interface Overload {
  /** Highest rate that can be served at all, requests per second over all replicas. */
  readonly mostRequestRate: number;
  /** What arrives beyond it, requests per second. 0 at the very edge, where the search finds no difference. */
  readonly shortRequestRate: number;
  /** Requests that are added to the queue each minute. */
  readonly queueGrowthPerMinute: number;
}

/** By how much the load is beyond what the plan can serve; undefined where the queue settles or nothing runs. */
export function overloadOf({ chosen, throughput }: Plan): Overload | undefined {
  if (!isOverloaded(chosen)) return undefined;
  const mostRequestRate = throughput.saturatedRequestRate;
  const shortRequestRate = Math.max(0, throughput.requestRate - mostRequestRate);
  return { mostRequestRate, shortRequestRate, queueGrowthPerMinute: 60 * shortRequestRate };
}

/** The strategy runs, but the requested rate is more than it can serve. */
export const isOverloaded = ({ feasible, latency }: Candidate): boolean => feasible && latency === undefined;

/** What an overloaded plan has instead of latencies, as the end of a sentence about the plan or its load. */
export function overloadText({ mostRequestRate, shortRequestRate, queueGrowthPerMinute }: Overload): string {
  const most = `serves at most ${significant(mostRequestRate)} requests/s`;
  return shortRequestRate > 0
    ? `${most}, ${significant(shortRequestRate)} short, so its queue grows by ${growthText(queueGrowthPerMinute)} a minute`
    : `${most}, so its queue never settles`;
}

/** "113 requests", "0.4 requests". */
export function growthText(perMinute: number): string {
  return `${perMinute < 10 ? plain(perMinute) : count(perMinute)} requests`;
}
