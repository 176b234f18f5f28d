import { type Derivation, partitionLayers } from "../../performance";
import { demandOfStages, fitMemory } from "../replica/fit-memory";
import type { Situation } from "../situation";
import type { Candidate, CandidateFigure, Provenance } from "../types";
import { derived, SIMULATION_SOURCE, simulated } from "./entry";

/** (max - min) / mean, as `relativeSpread` computes it. */
function spread(what: string, values: readonly number[]): Derivation {
  const [most, least, mean] = [`largest${what}`, `smallest${what}`, `mean${what}`];
  const sum = values.reduce((total, value) => total + value, 0);
  return {
    formula: `(${most} - ${least}) / ${mean}`,
    inputs: {
      [most]: Math.max(...values),
      [least]: Math.min(...values),
      [mean]: sum / values.length,
    },
  };
}

/** Where the balance over GPUs, stages and replicas comes from; of an overloaded strategy its utilisation alone. */
export function balanceProvenance(
  situation: Situation,
  candidate: Candidate,
): readonly Provenance<CandidateFigure>[] {
  const { throughput, seen, strategy, serving } = candidate;
  if (throughput === undefined) return [];
  const { requestRate, saturatedRequestRate } = throughput;
  const utilization = derived(
    "balance.gpuUtilization",
    { formula: "requestRate / saturatedRequestRate", inputs: { requestRate, saturatedRequestRate } },
    SIMULATION_SOURCE,
  );
  if (seen === undefined) return [utilization];
  const fit = fitMemory(situation, strategy, serving);
  const memory = spread("DemandBytes", demandOfStages(fit, seen.kvUsageP99 * fit.kvCacheTokens));
  const layers = spread("StageLayers", partitionLayers(situation.model.layers, strategy.pipelineParallel));
  return [
    derived("balance.memoryEpsilon", memory, SIMULATION_SOURCE),
    derived(
      "balance.computeEpsilon",
      {
        formula: `max(${layers.formula}, spreadOfTokensServedByReplicas)`,
        inputs: { ...layers.inputs, spreadOfTokensServedByReplicas: seen.replicaImbalance },
      },
      SIMULATION_SOURCE,
    ),
    utilization,
    simulated("balance.bubbleShare", "share of stage time without a batch while the pipeline had work"),
  ];
}
