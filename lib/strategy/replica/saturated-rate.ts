import { meanTokens } from "../../config";
import type { ReplicaMemory } from "../../performance";
import type { Situation } from "../situation";
import type { Replica } from "./replica";
import { runSimulation } from "./run-simulation";
import { stepsTogether } from "./sharding";
import {
  decodeStepMs,
  EFFORT,
  fullStepMs,
  stepsPerRequest,
  tokensOfStep,
  tokensTaken,
} from "./simulation-effort";

/** Requests in flight, as a multiple of the sequences that run, that keep the queue from running dry. */
const PRESSURE = 1.5;
/** Generations of requests in flight until the mix of young and old sequences is the steady one, and the fewest that tell. */
const GENERATIONS = 8;
const FEWEST_GENERATIONS = 3;
/** Saturation that would cost this many climbing trials is computed by hand. */
const DEAREST = 25;
/** Seed of every search: rates and serving parameters are properties of the deployment, not of the seed of its run. */
export const SEARCH_SEED = 1;

/** What a rate by hand needs of a replica. */
export type RatedByHand = Omit<Replica, "memory"> & { readonly memory: Pick<ReplicaMemory, "kvCacheTokens"> };

/**
 * Requests per second of one replica by hand: a request costs its prompt's share of full steps, which carry decodes
 * along, and then its share of the decode-only steps that are left. Stages of a pipeline work on different batches at
 * once. Against the simulation: within 5 % without a pipeline, up to a quarter too high with one (bubbles are left out).
 * For pipelines too deep to simulate to saturation, and for strategies that are too slow for their targets anyway.
 */
export function saturatedRateByHand({ deployment }: Situation, replica: RatedByHand): number {
  const { promptTokens, outputTokens, cachedPrefixTokens } = deployment.workload;
  const { maxNumSeqs, maxNumBatchedTokens } = replica.serving;
  const { stages } = replica.latency;
  const prompt = Math.max(1, meanTokens(promptTokens) - cachedPrefixTokens);
  const output = meanTokens(outputTokens);
  const contextTokens = meanTokens(promptTokens) + output / 2;
  const sequences = Math.min(maxNumSeqs, Math.max(1, replica.memory.kvCacheTokens / contextTokens));
  const batch = Math.max(1, Math.floor(sequences / stages));
  const taken = tokensTaken(replica.latency);
  const decodes = Math.min(batch, Math.floor(maxNumBatchedTokens / 2 / taken));
  const fullSteps = prompt / (maxNumBatchedTokens - taken * decodes);
  const full = fullStepMs(replica.latency, { sequences: decodes, contextTokens }, maxNumBatchedTokens);
  const decodeSteps = Math.max(0, output / tokensOfStep(replica.latency) / batch - fullSteps);
  const ms = fullSteps * full + decodeSteps * decodeStepMs(replica.latency, batch, contextTokens);
  return ((1000 * stages) / ms) * replica.strategy.dataParallel;
}

/**
 * What was simulated already, of one replica or of those that step together, by the memory of the setting: it is asked several
 * times on the way to a plan, and replicas on other machines have the very same memory (see servingSettings).
 */
const known = new WeakMap<ReplicaMemory, number>();

/** Requests per second that all replicas serve when their queues never run dry: a closed loop with more than can run. */
export function saturatedRate(situation: Situation, replica: Replica): number {
  const { strategy, memory } = replica;
  const isOneEngine = stepsTogether(situation, strategy);
  const engine = isOneEngine ? replica : { ...replica, strategy: { ...strategy, dataParallel: 1 } };
  const rate = known.get(memory) ?? simulateSaturation(situation, engine);
  known.set(memory, rate);
  return isOneEngine ? rate : rate * strategy.dataParallel;
}

function simulateSaturation(situation: Situation, replica: Replica): number {
  const { dataParallel } = replica.strategy;
  // Independent replicas serve as much each; ranks that step together have to wait for each other.
  const replicas = stepsTogether(situation, replica.strategy) ? dataParallel : 1;
  const concurrency = Math.ceil(PRESSURE * replica.serving.maxNumSeqs) * replicas;
  const each = stepsPerRequest(situation, replica, Number.MAX_SAFE_INTEGER);
  if (FEWEST_GENERATIONS * concurrency * each > DEAREST * EFFORT.climb) {
    return saturatedRateByHand(situation, replica);
  }
  const generations = Math.min(
    // Ranks side by side tell as much as generations one after the other.
    Math.max(FEWEST_GENERATIONS, GENERATIONS / replicas),
    Math.max(FEWEST_GENERATIONS, (2 * EFFORT.climb) / (concurrency * each)),
  );
  const result = runSimulation(situation, replica, {
    arrivals: { kind: "closed", concurrency },
    requests: Math.ceil(generations * concurrency),
    replicas,
    seed: SEARCH_SEED,
  });
  return (result.steady.requestsPerSecond * dataParallel) / replicas;
}
