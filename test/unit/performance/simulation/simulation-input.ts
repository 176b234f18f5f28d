import type { LatencyModel, SimulationInput, StepShape, TrafficInput } from "../../../../lib/performance";

/** A latency model made of a formula: what a test about scheduling needs, with closed forms. */
export function formulaModel(stageMs: (step: StepShape) => number, stages = 1): LatencyModel {
  return {
    stages,
    stageMs: (_stage, step) => stageMs(step) / stages,
    prefillAttentionMs: () => 0,
    breakdown: () => {
      throw new Error("no test of the scheduler needs the parts of a step");
    },
    basis: { kind: "measured", figures: [] },
  };
}

/** Every step takes 10 ms whatever it computes. */
export const constantModel = formulaModel(() => 10);

type Changes = Partial<Omit<SimulationInput, "traffic">> & { readonly traffic?: Partial<TrafficInput> };

/** 200 Poisson requests of about 100 + 20 tokens at 5 per second on one roomy replica, one batch in flight. */
export function simulationInput(changes: Changes = {}): SimulationInput {
  return {
    latency: constantModel,
    engine: { name: "vLLM", version: "0.15.1", batchesInFlight: 1, reservesOutput: false },
    scheduler: { maxNumSeqs: 64, maxNumBatchedTokens: 2048, kvCacheTokens: 100_000 },
    replicas: 1,
    balancer: "round-robin",
    ...changes,
    traffic: {
      arrivals: { kind: "poisson", requestRate: 5 },
      promptTokens: { kind: "uniform", min: 50, max: 150 },
      outputTokens: { kind: "uniform", min: 10, max: 30 },
      cachedPrefixTokens: 0,
      requests: 200,
      seed: 1,
      ...changes.traffic,
    },
  };
}

/** No time outside the GPU: closed forms have none. */
export const noHostTimes = { hostTimes: { requestInMs: 0, turnaroundMs: 0 } };
