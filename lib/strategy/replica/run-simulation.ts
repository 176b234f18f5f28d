import {
  type SimulationOptions,
  type SimulationResult,
  simulate,
  type TrafficInput,
} from "../../performance";
import type { Situation } from "../situation";
import type { Replica } from "./replica";
import { stepsTogether } from "./sharding";

/** How requests arrive at `requestRate` per second, in the way the workload says. */
function arrivalsAt({ deployment }: Situation, requestRate: number): TrafficInput["arrivals"] {
  const { arrivals, concurrency, burstiness } = deployment.workload;
  switch (arrivals) {
    case "closed":
      return { kind: "closed", concurrency };
    case "offline":
      return { kind: "offline" };
    case "bursty":
      return { kind: "bursty", requestRate, squaredVariation: burstiness };
    default:
      return { kind: arrivals, requestRate };
  }
}

export interface Traffic {
  readonly arrivals: TrafficInput["arrivals"];
  readonly requests: number;
  /** Replicas to simulate; the rate is over all of them. */
  readonly replicas: number;
  readonly seed: number;
}

/** Traffic of the whole service at a rate (requests per second over all replicas); offline always the whole batch. */
export function serviceTraffic(
  situation: Situation,
  { strategy }: Replica,
  { rate, requests, seed }: { readonly rate: number; readonly requests: number; readonly seed: number },
): Traffic {
  const { arrivals, simulatedRequests } = situation.deployment.workload;
  return {
    arrivals: arrivalsAt(situation, rate),
    requests: arrivals === "offline" ? simulatedRequests : requests,
    replicas: strategy.dataParallel,
    seed,
  };
}

/**
 * Results of the last situation that was simulated: searches ask for the same run again, and so does one for another rate
 * or other targets, which no run depends on.
 */
let remembered: { readonly question: string; readonly results: Map<string, SimulationResult> } | undefined;

/** All that a run depends on beside its replica and its traffic, as text. */
const questions = new WeakMap<Situation, string>();

function questionOf(situation: Situation): string {
  const known = questions.get(situation);
  if (known !== undefined) return known;
  const { deployment, model, draft } = situation;
  const { slo: _, cost: __, strategy: ___, workload, ...rest } = deployment;
  const question = JSON.stringify([{ ...rest, workload: { ...workload, requestRate: 0 } }, model, draft]);
  questions.set(situation, question);
  return question;
}

/** Simulates replicas under given traffic with the workload's lengths. The same question gets the same object again. */
export function runSimulation(
  situation: Situation,
  replica: Replica,
  traffic: Traffic & SimulationOptions,
): SimulationResult {
  const question = questionOf(situation);
  if (remembered?.question !== question) remembered = { question, results: new Map() };
  const { strategy, serving, memory } = replica;
  const key = JSON.stringify([strategy, serving, memory.kvCacheTokens, traffic]);
  const known = remembered.results.get(key);
  if (known !== undefined) return known;
  const result = simulateReplica(situation, replica, traffic);
  remembered.results.set(key, result);
  return result;
}

function simulateReplica(
  situation: Situation,
  { strategy, latency, serving, memory }: Replica,
  traffic: Traffic & SimulationOptions,
): SimulationResult {
  const { promptTokens, outputTokens, cachedPrefixTokens } = situation.deployment.workload;
  const { prefixCaching } = situation.deployment.serving;
  const { arrivals, requests, replicas, seed } = traffic;
  return simulate(
    {
      latency,
      engine: situation.engine,
      traffic: {
        arrivals,
        promptTokens,
        outputTokens,
        cachedPrefixTokens,
        requests,
        seed,
        endsByToken: true,
      },
      scheduler: {
        maxNumSeqs: serving.maxNumSeqs,
        maxNumBatchedTokens: serving.maxNumBatchedTokens,
        kvCacheTokens: memory.kvCacheTokens,
        prefixCaching,
        prefillInterval: serving.prefillInterval,
        watermark: serving.watermark,
      },
      replicas,
      balancer: "least-loaded",
      stepsTogether: stepsTogether(situation, strategy),
    },
    { giveUpWhenHopeless: traffic.giveUpWhenHopeless ?? false },
  );
}
