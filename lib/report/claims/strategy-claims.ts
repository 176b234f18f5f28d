import { type Candidate, type Plan, strategyLabel } from "../../strategy";
import { bytes, milliseconds, percent, rateText, significant } from "../format-number";
import type { Claim } from "./claim";

const labelled = ({ candidates }: Plan, label: string): Candidate | undefined =>
  candidates.find(({ strategy }) => strategyLabel(strategy) === label);

/** Strategies of as many GPUs that sustain more than the plan's, best first. */
function faster({ candidates, strategy, chosen }: Plan): readonly Candidate[] {
  const rate = (candidate: Candidate) => candidate.throughput?.highestRequestRate ?? 0;
  return candidates
    .filter((candidate) => candidate.strategy.gpus <= strategy.gpus && rate(candidate) > rate(chosen))
    .toSorted((a, b) => rate(b) - rate(a));
}

/** A strategy that the document turns down for its pipeline. */
function pipeline(label: string, claimed: string): Claim {
  return {
    figure: label,
    claimed,
    computed: (plan) => {
      const { latency, throughput, balance } = labelled(plan, label) ?? {};
      if (latency === undefined || throughput === undefined) return "cannot keep up";
      return `decode p50 ${milliseconds(latency.decode.p50Ms)}, p99 ${milliseconds(latency.decode.p99Ms)}; ${percent(balance?.bubbleShare ?? Number.NaN)} lost to bubbles; up to ${rateText(throughput.highestRequestRate)} within every requirement`;
    },
    published: "none for this workload",
    verdict: (plan) =>
      labelled(plan, label)?.meetsSlo === true ? "overstated: it meets every requirement" : "right",
    reason: (plan) => {
      const { meetsSlo = false, reasons = [], violations = [] } = labelled(plan, label) ?? {};
      const against = meetsSlo ? (reasons[0] ?? "") : violations.map(({ sentence }) => sentence).join(" ");
      return `A token passes all stages one after the other. ${against}`;
    },
  };
}

/** What else was considered, and how the document checks what it deployed. */
export const strategyClaims: readonly Claim[] = [
  pipeline("TP4 PP2", "pipeline bubbles, less efficient"),
  pipeline("TP2 PP4", "pipeline overhead, poor latency"),
  pipeline("TP1 PP8", "extremely inefficient, high latency"),
  {
    figure: "Alternatives considered",
    claimed: "three, all with a pipeline",
    computed: (plan) => {
      const [best] = faster(plan);
      const rate = best?.throughput?.highestRequestRate ?? Number.NaN;
      const all = `${plan.candidates.length} strategies`;
      return best === undefined
        ? `${all}, none with a higher rate`
        : `${all}; ${strategyLabel(best.strategy)} sustains ${rateText(rate)}, ${strategyLabel(plan.strategy)} ${significant(plan.chosen.throughput?.highestRequestRate ?? Number.NaN)}`;
    },
    published: "none for this workload",
    verdict: (plan) => (faster(plan).length > 0 ? "the one with the highest rate is missing" : "enough"),
    reason: () =>
      "Replicas (data parallelism) are no option of the document's. Each holds the model once more and is slower for one request, but two of them serve more requests: what is best depends on what is asked for.",
  },
  {
    figure: "Verification command",
    claimed: "LLM('meta-llama/Llama-3-70B-Instruct', tensor_parallel_size=8)",
    computed: ({ memoryPerGpu: memory }) =>
      `beside the running server ${bytes(memory.totalBytes - memory.usableBytes)} a GPU are left; the weights alone are ${bytes(memory.weightsBytes)}`,
    published: "vLLM's own server answers /v1/completions (vLLM documentation)",
    verdict: ({ memoryPerGpu: memory }) =>
      memory.totalBytes - memory.usableBytes < memory.weightsBytes
        ? "cannot start beside the server"
        : "another engine",
    reason: () =>
      "It loads a second engine in the same GPUs, with vLLM's defaults instead of the plan's flags, and of a repository that does not exist. What it shows is not what serves: `pulumi up` asks the running server for a real completion through the gateway, and then holds a load test against the plan.",
  },
];
