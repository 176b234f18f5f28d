import { meanTokens } from "../../config";
import { gbText, msText, rateText } from "../figures/quantity-text";
import type { Situation } from "../situation";
import type { Plan, Provenance } from "../types";

type Unprovenanced = Omit<Plan, "provenance">;

/** What every simulated figure cites. */
export const SIMULATION_SOURCE =
  "discrete-event simulation of vLLM's V1 scheduler over the step times of docs/numbers.md, constants from bench/calibrate";

/** The workload and the seed: what every simulated figure depends on. */
function runInputs({ deployment, engine }: Situation, plan: Unprovenanced): Record<string, string> {
  const { workload } = deployment;
  return {
    requestRate: rateText(workload.requestRate),
    promptTokens: `mean ${meanTokens(workload.promptTokens)}`,
    outputTokens: `mean ${meanTokens(workload.outputTokens)}`,
    requests: String(plan.chosen.simulatedRequests ?? 0),
    seed: String(workload.seed),
    maxNumSeqs: String(plan.serving.maxNumSeqs),
    maxNumBatchedTokens: String(plan.serving.maxNumBatchedTokens),
    engine: `${engine.name} ${engine.version}`,
  };
}

const latencyFormulas = {
  prefill:
    "percentile over requests of first token - first scheduled, steady state (vllm:request_prefill_time_seconds)",
  firstToken:
    "percentile over requests of first token - arrival, steady state (vllm:time_to_first_token_seconds)",
  decode: "percentile over every gap between two tokens, steady state (vllm:inter_token_latency_seconds)",
} as const;

function latencies(situation: Situation, plan: Unprovenanced): Provenance[] {
  const inputs = runInputs(situation, plan);
  return Object.entries(latencyFormulas).flatMap(([name, formula]) => [
    { figure: `latency.${name}.*`, kind: "derived" as const, formula, inputs, source: SIMULATION_SOURCE },
    ...["p50LowMs", "p50HighMs", "p99LowMs", "p99HighMs"].map((edge) => ({
      figure: `latency.${name}.${edge}`,
      kind: "derived" as const,
      formula: "percentile x edge of the 80 % error band",
      inputs,
      source: plan.bandSources?.[name as keyof typeof latencyFormulas] ?? SIMULATION_SOURCE,
    })),
  ]);
}

function throughput(situation: Situation, plan: Unprovenanced): Provenance[] {
  const inputs = runInputs(situation, plan);
  const derived = (figure: string, formula: string): Provenance => ({
    figure: `throughput.${figure}`,
    kind: "derived",
    formula,
    inputs,
    source: SIMULATION_SOURCE,
  });
  return [
    derived(
      "maxBatchSize",
      "sequences that a replica runs at once, not exceeded for 99 % of the steady time",
    ),
    derived(
      "maxConcurrentSequences",
      "max_num_seqs of a replica: the envelope's bound, fewer where memory or the batch limit asks for it, or as pinned",
    ),
    derived(
      "maxBatchedTokens",
      "the budget with the shortest mean request at the requested rate (objective latency), else with the highest rate, among those that pass every requirement, found by simulating neighbours; or as pinned",
    ),
    derived(
      "sustainableRequestRate",
      "highest rate of the whole fleet at which every requirement holds with the deployed flags, bracketed within 1.5 % by simulation",
    ),
    derived(
      "highestRequestRate",
      "the same, highest over all serving parameters within the envelope; does not depend on the requested rate",
    ),
    derived(
      "saturatedRequestRate",
      "steady rate of a closed loop that keeps 1.5 x max_num_seqs requests in flight x replicas",
    ),
    derived("outputTokensPerSecond", "tokens generated per second in the steady state at the requested rate"),
    derived("outputTokensPerSecondPerGpu", "outputTokensPerSecond / GPUs"),
  ];
}

function communication(situation: Situation, plan: Unprovenanced): Provenance[] {
  const { model, hardware } = situation;
  const shapes = {
    hiddenSize: String(model.hiddenSize),
    layers: String(model.layers),
    tensorParallel: String(plan.strategy.tensorParallel),
    pipelineParallel: String(plan.strategy.pipelineParallel),
  };
  const derived = (
    figure: string,
    formula: string,
    inputs: Record<string, string>,
    source: string,
  ): Provenance => ({
    figure: `communication.${figure}`,
    kind: "derived",
    formula,
    inputs,
    source,
  });
  const shape = model.provenance.source;
  return [
    derived(
      "allReduceBytesPerTokenPerLayer",
      "2 all-reduces x hidden size x 2 bytes (BF16); payload, before the ring factor",
      shapes,
      shape,
    ),
    derived(
      "bytesPerDecodeStepPerGpu",
      "mean batch x (2 x layers of the stage + 1) x hidden size x 2 bytes x 2 (n - 1) / n, plus what goes to the next stage",
      shapes,
      shape,
    ),
    derived(
      "decodeStepShare",
      "(all-reduce + all-to-all + stage transfer) / step, of a decode step at the mean batch",
      { step: msText(plan.steps.decode.totalMs) },
      SIMULATION_SOURCE,
    ),
    derived(
      "prefillShare",
      "(all-reduce + all-to-all + stage transfer) / step, of a step that fills the token budget",
      { step: msText(plan.steps.prefill.totalMs) },
      SIMULATION_SOURCE,
    ),
    derived(
      "nvlinkUtilization",
      "bytes that a GPU sends per token x tokens per second of a replica / NVLink bytes per second and direction",
      {
        ...shapes,
        nvlink: hardware.gpu.nvlinkBytesPerSecond ? `${gbText(hardware.gpu.nvlinkBytesPerSecond)}/s` : "none",
      },
      hardware.gpu.provenance.source,
    ),
  ];
}

function balance(situation: Situation, plan: Unprovenanced): Provenance[] {
  const inputs = runInputs(situation, plan);
  const derived = (figure: string, formula: string): Provenance => ({
    figure,
    kind: "derived",
    formula,
    inputs,
    source: SIMULATION_SOURCE,
  });
  return [
    derived("balance.memoryEpsilon", "(max - min) / mean of the memory demand of the stages' GPUs"),
    derived(
      "balance.computeEpsilon",
      "(max - min) / mean of layers per stage, or of tokens served per replica, the larger",
    ),
    derived("balance.gpuUtilization", "requestRate / saturatedRequestRate"),
    derived("balance.bubbleShare", "share of stage time without a batch while the pipeline had work"),
    derived(
      "candidates.*.simulatedRequests",
      "requests that ran at the requested rate: as many as cost about 40,000 scheduler steps, for the plan itself 100,000 and at least workload.simulatedRequests, over four seeds",
    ),
    derived(
      "candidates.*.costUsdPerMillionOutputTokens",
      "usdPerHour / (output tokens per second at the highest rate x 3600) x 10^6",
    ),
  ];
}

/** Provenance of everything that depends on the load. */
export function loadProvenance(situation: Situation, plan: Unprovenanced): Provenance[] {
  return [
    ...latencies(situation, plan),
    ...throughput(situation, plan),
    ...communication(situation, plan),
    ...balance(situation, plan),
  ];
}
