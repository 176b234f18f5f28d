import type { Candidate, Plan } from "../strategy";
import { count, plain, rateText, significant } from "./format-number";

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
export const overloadOf = ({ chosen }: Plan): Overload | undefined => overloadOfCandidate(chosen);

/** The same of any strategy. */
export function overloadOfCandidate(candidate: Candidate): Overload | undefined {
  const { throughput } = candidate;
  if (!isOverloaded(candidate) || throughput === undefined) return undefined;
  const mostRequestRate = throughput.saturatedRequestRate;
  const shortRequestRate = Math.max(0, throughput.requestRate - mostRequestRate);
  return { mostRequestRate, shortRequestRate, queueGrowthPerMinute: 60 * shortRequestRate };
}

/** The strategy runs, but the requested rate is more than it can serve. */
export const isOverloaded = ({ feasible, latency, isRuledOut }: Candidate): boolean =>
  feasible && latency === undefined && isRuledOut !== true;

/** A rate that is short by a smaller share than this is short by nothing that three digits show. */
const EDGE = 0.005;

const isAtEdge = ({ mostRequestRate, shortRequestRate }: Overload): boolean =>
  shortRequestRate < EDGE * mostRequestRate;

/** What an overloaded plan has instead of latencies, as the end of a sentence about the plan or its load. */
export function overloadText(overload: Overload): string {
  const most = `serves at most ${rateText(overload.mostRequestRate)}`;
  return isAtEdge(overload)
    ? `${most}, no more than arrives, so its queue never settles`
    : `${most}, ${shortText(overload)} short, so its queue grows by ${growthText(overload)} a minute`;
}

/** "1.88", "less than 0.06": requests per second beyond what can be served. */
export function shortText(overload: Overload): string {
  return isAtEdge(overload)
    ? `less than ${significant(EDGE * overload.mostRequestRate, 1)}`
    : significant(overload.shortRequestRate);
}

/** "113 requests", "0.4 requests", "less than 4 requests": what the queue gains each minute. */
export function growthText(overload: Overload): string {
  if (isAtEdge(overload)) return `less than ${significant(60 * EDGE * overload.mostRequestRate, 1)} requests`;
  const { queueGrowthPerMinute: perMinute } = overload;
  return `${perMinute < 10 ? plain(perMinute) : count(perMinute)} requests`;
}
