import {
  createLatencyModel,
  type LatencyModel,
  type SimulationOptions,
  type SimulationResult,
  simulate,
  type TrafficInput,
} from "../../performance";
import type { Situation } from "../situation";
import type { ServingParameters, Strategy } from "../types";

/** Step times of one replica under a strategy. */
export function latencyModelOf(situation: Situation, strategy: Strategy): LatencyModel {
  const { model, deployment, engine, hardware, network } = situation;
  return createLatencyModel({
    model,
    gpu: hardware.gpu,
    precision: deployment.model.precision,
    kvCacheDtype: deployment.model.kvCacheDtype,
    tensorParallel: strategy.tensorParallel,
    pipelineParallel: strategy.pipelineParallel,
    expertParallel: strategy.expertParallel,
    sequenceParallel: strategy.sequenceParallel,
    gpusPerNode: hardware.instance.gpus,
    network,
    engine,
  });
}

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

export interface Run {
  readonly strategy: Strategy;
  readonly latency: LatencyModel;
  readonly serving: ServingParameters;
  /** KV tokens of one replica. */
  readonly kvCacheTokens: number;
}

export interface Traffic {
  readonly arrivals: TrafficInput["arrivals"];
  readonly requests: number;
  /** Replicas to simulate; the rate is over all of them. */
  readonly replicas: number;
}

/** Traffic of the whole service at a rate (requests per second). */
export function serviceTraffic(situation: Situation, strategy: Strategy, requestRate: number): Traffic {
  const { simulatedRequests } = situation.deployment.workload;
  return {
    arrivals: arrivalsAt(situation, requestRate),
    requests: simulatedRequests,
    replicas: strategy.dataParallel,
  };
}

/** Simulates a strategy under given traffic with the workload's lengths and seed. */
export function runSimulation(
  situation: Situation,
  run: Run,
  traffic: Traffic & SimulationOptions,
): SimulationResult {
  const { promptTokens, outputTokens, cachedPrefixTokens, seed } = situation.deployment.workload;
  return simulate(
    {
      latency: run.latency,
      engine: situation.engine,
      traffic: {
        arrivals: traffic.arrivals,
        promptTokens,
        outputTokens,
        cachedPrefixTokens,
        requests: traffic.requests,
        seed,
      },
      scheduler: {
        maxNumSeqs: run.serving.maxNumSeqs,
        maxNumBatchedTokens: run.serving.maxNumBatchedTokens,
        kvCacheTokens: run.kvCacheTokens,
      },
      replicas: traffic.replicas,
      balancer: "least-loaded",
    },
    { giveUpWhenHopeless: traffic.giveUpWhenHopeless ?? false },
  );
}
