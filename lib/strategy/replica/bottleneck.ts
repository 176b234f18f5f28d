import type { SimulationResult, StepBreakdown } from "../../performance";
import { gbText, msText, percentText } from "../figures/quantity-text";
import type { Situation } from "../situation";
import type { Bottleneck, MemoryPerGpu, Strategy, TypicalSteps } from "../types";

/** KV usage above which the cache, not the GPUs, limits the batch. */
const KV_FULL = 0.95;
/** Share of stage time lost to bubbles above which the pipeline is what is in the way. */
const BUBBLE_MATTERS = 0.2;

/** Share of time spent on prompts above which they, not decoding, are what is in the way. */
const PREFILL_MATTERS = 0.5;

interface Evidence {
  readonly situation: Situation;
  readonly strategy: Strategy;
  readonly result: SimulationResult;
  readonly steps: TypicalSteps;
  readonly memory: MemoryPerGpu;
  /** Share of time that prefilling at the requested rate would take by itself. */
  readonly prefillTimeShare: number;
}

function largestPart(step: StepBreakdown): { name: keyof StepBreakdown; ms: number } {
  const parts = Object.entries(step) as [keyof StepBreakdown, number][];
  const [name, ms] = parts
    .filter(([part]) => part !== "totalMs")
    .reduce((most, part) => (part[1] > most[1] ? part : most));
  return { name, ms };
}

/** Collectives of a group of GPUs: named with the network where the group is larger than a host. */
function collectivesOf({ situation }: Evidence, ranks: number, share: string): Bottleneck {
  return ranks > situation.hardware.instance.gpus
    ? { kind: "network", sentence: `collectives of ${ranks} GPUs across nodes take ${share}` }
    : { kind: "all-reduce", sentence: `collectives of ${ranks} GPUs take ${share}` };
}

/** GPUs that gather each other's tokens before the experts: all of them with whole experts, else one of each replica. */
const gatheringGpus = ({ expertParallel, dataParallel }: Strategy): number =>
  expertParallel > 1 ? expertParallel : dataParallel;

/** What takes the largest part of a decode step. */
function decodeBottleneck(evidence: Evidence): Bottleneck {
  const { strategy, steps, memory } = evidence;
  const { decode, decodeSequences } = steps;
  const { name, ms } = largestPart(decode);
  const share = `${msText(ms)} of the ${msText(decode.totalMs)} of a decode step`;
  switch (name) {
    case "attentionMs":
      return {
        kind: "attention",
        sentence: `reading the KV cache of ${decodeSequences} sequences takes ${share}`,
      };
    case "allReduceMs":
      return collectivesOf(evidence, strategy.tensorParallel, share);
    case "allToAllMs":
      return collectivesOf(evidence, gatheringGpus(strategy), share);
    case "pipelineTransferMs":
      return { kind: "network", sentence: `moving activations between stages takes ${share}` };
    case "hostMs":
      return { kind: "host", sentence: `the CPU that feeds the GPUs takes ${share}` };
    case "elementwiseMs":
      return { kind: "compute", sentence: `norms and activations take ${share}` };
    default:
      return {
        kind: "weights-bandwidth",
        sentence: `matrix products, which read ${gbText(memory.weightsBytes)} of weights per GPU, take ${share}`,
      };
  }
}

/** Names what is in the way of a candidate: the queue, the cache, the pipeline, or the largest part of a decode step. */
export function findBottleneck(evidence: Evidence): Bottleneck {
  const { result, steps } = evidence;
  if (result.kvUsageP99 > KV_FULL || result.preemptions > 0) {
    return {
      kind: "kv-capacity",
      sentence: `for 1 % of the time more than ${percentText(result.kvUsageP99)} of the KV cache is in use, and ${result.preemptions} sequences are preempted`,
    };
  }
  if (!result.stable) return { kind: "queue", sentence: "requests arrive faster than they can be served" };
  if (evidence.strategy.pipelineParallel > 1 && result.bubbleShare > BUBBLE_MATTERS) {
    return {
      kind: "bubble",
      sentence: `pipeline stages stand idle for ${percentText(result.bubbleShare)} of the time that there is work`,
    };
  }
  const { prefill } = steps;
  if (evidence.prefillTimeShare > PREFILL_MATTERS && largestPart(prefill).name === "gemmMs") {
    return {
      kind: "compute",
      sentence: `prompts alone take ${percentText(evidence.prefillTimeShare)} of the time, ${percentText(prefill.gemmMs / prefill.totalMs)} of it matrix products`,
    };
  }
  return decodeBottleneck(evidence);
}
