import type { LatencyModel } from "../types";
import type { CaseSetup } from "./case-setup";

/** Scheduler steps times stages that a row may cost in all: some five seconds. The largest published row takes 0.7 million. */
const MOST_STEPS = 20e6;
/**
 * Runs that a row takes. All at once: itself. Closed: with both edges of the cache's band, too. At a rate: its capacity and
 * both sides of the knee besides; near the knee with a full cache it may come to seven, and to twice the time.
 */
const RUNS = { offline: 1, closed: 3, constant: 4, poisson: 4 } as const;
/** Requests without which a run at a rate, or all at once, shows no tail. */
const FEWEST_REQUESTS = 100;

/** Sequences that run at once on a replica with their whole cache: no more than the pool holds, a token each in a step. */
export function sequencesThatFit({ row, scheduler }: CaseSetup): number {
  const cached = row.isl + row.osl - Math.min(row.cached_prefix_tokens ?? 0, row.isl);
  const pool = Math.floor(scheduler.kvCacheTokens / Math.max(16, cached));
  return Math.max(1, Math.min(scheduler.maxNumSeqs, scheduler.maxNumBatchedTokens, pool));
}

/** Steps times stages that a request takes when `sequences` decode together on its replica. */
function stepsPerRequest({ row, scheduler }: CaseSetup, sequences: number): number {
  const prompt = Math.max(1, row.isl - (row.cached_prefix_tokens ?? 0));
  return (row.osl / sequences + prompt / scheduler.maxNumBatchedTokens) * row.pp;
}

/** Sequences that decode together on a replica: what fits, of its clients or of what Little's law has in flight at the rate. */
export function runningSequences(setup: CaseSetup, latency: LatencyModel): number {
  const { row } = setup;
  const fit = sequencesThatFit(setup);
  if (row.arrivals === "offline") return fit;
  if (row.arrivals === "closed") return Math.max(1, Math.min(fit, (row.concurrency ?? 1) / row.dp));
  const { totalMs } = latency.breakdown({
    tokens: 1,
    decodeSequences: 1,
    decodeContextTokens: row.isl,
    prefillAttentionMs: 0,
    sampledSequences: 1,
  });
  const inFlight = ((row.request_rate ?? 0) / row.dp) * row.osl * (totalMs / 1000);
  return Math.max(1, Math.min(fit, inFlight));
}

/** Requests of the case that may be simulated, over all seeds of a run, when so many sequences decode together. */
export function affordableRequests(setup: CaseSetup, sequences: number): number {
  return Math.floor(MOST_STEPS / RUNS[setup.row.arrivals] / stepsPerRequest(setup, sequences));
}

/**
 * The case with no more requests than a prediction in seconds can simulate, where the row leaves their number open; the
 * reason why not where the row asks for more, or where even a short run would take longer.
 */
export function withinEffort(setup: CaseSetup, latency: LatencyModel): CaseSetup | string {
  const { row, requests } = setup;
  const affordable = affordableRequests(setup, runningSequences(setup, latency));
  if (requests <= affordable) return setup;
  const fewest = row.arrivals === "closed" ? (row.concurrency ?? 1) : FEWEST_REQUESTS;
  if (row.num_requests === undefined && affordable >= fewest) return { ...setup, requests: affordable };
  return `num_requests: ${requests} requests of this shape take more steps than are simulated, give ${Math.max(1, affordable)} or fewer`;
}
