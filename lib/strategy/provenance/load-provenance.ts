import { meanTokens } from "../../config";
import { bandEdges, bandSources, widenedFormula } from "../replica/band-latency";
import { isRateDriven } from "../requirements/service-requirements";
import type { Situation } from "../situation";
import type { Candidate, CandidateFigure, PlanLatency, Provenance } from "../types";
import { derived, SIMULATION_SOURCE, searched, simulated } from "./entry";

type Entry = Provenance<CandidateFigure>;

/** The workload and the seed: what every simulated figure depends on. */
function runInputs({ deployment, engine }: Situation, { serving, simulatedRequests = 0 }: Candidate) {
  const { workload } = deployment;
  return {
    requestRate: workload.requestRate,
    meanPromptTokens: meanTokens(workload.promptTokens),
    meanOutputTokens: meanTokens(workload.outputTokens),
    requests: simulatedRequests,
    seed: workload.seed,
    maxNumSeqs: serving.maxNumSeqs,
    maxNumBatchedTokens: serving.maxNumBatchedTokens,
    engine: `${engine.name} ${engine.version}`,
  };
}

const MEASURED_AS = {
  prefill:
    "percentile over requests of first token - first scheduled, steady state (vllm:request_prefill_time_seconds)",
  firstToken:
    "percentile over requests of first token - arrival, steady state (vllm:time_to_first_token_seconds)",
  decode: "percentile over every gap between two tokens, steady state (vllm:inter_token_latency_seconds)",
} as const;

/** Where the latencies and their bands come from; nothing where there is no latency. */
export function latencyProvenance(situation: Situation, candidate: Candidate): readonly Entry[] {
  const { latency, seen } = candidate;
  if (latency === undefined || seen === undefined) return [];
  const inputs = runInputs(situation, candidate);
  const sources = bandSources(seen.regime);
  const of = (name: keyof PlanLatency, percentile: "p50" | "p99"): readonly Entry[] => {
    const value = latency[name][`${percentile}Ms`];
    const standardError = seen.errors[name][`${percentile}Error`];
    const edges = bandEdges(name, percentile, seen.regime);
    const edge = (side: "low" | "high"): Entry =>
      derived(
        `latency.${name}.${percentile}${side === "low" ? "Low" : "High"}Ms`,
        {
          formula: `${percentile}Ms * ${widenedFormula(edges[side])}`,
          inputs: { [`${percentile}Ms`]: value, edge: edges[side], standardError },
        },
        sources[name],
      );
    return [
      simulated(`latency.${name}.${percentile}Ms`, MEASURED_AS[name], { inputs }),
      edge("low"),
      edge("high"),
    ];
  };
  return (["prefill", "firstToken", "decode"] as const).flatMap((name) => [
    ...of(name, "p50"),
    ...of(name, "p99"),
  ]);
}

/** The rates of a service, or of work that is all there at once. */
function rates(situation: Situation, candidate: Candidate): readonly Entry[] {
  const inputs = runInputs(situation, candidate);
  const names = [
    "requestRate",
    "sustainableRequestRate",
    "highestRequestRate",
    "saturatedRequestRate",
  ] as const;
  if (!isRateDriven(situation)) {
    const served = "requests served per second in the steady state of the workload's own concurrency";
    return names.map((name) => simulated(`throughput.${name}`, served, { inputs }));
  }
  return [
    {
      figure: "throughput.requestRate",
      kind: "config",
      formula: "as the stack's config says under `workload.requestRate`",
      inputs: {},
      source: "stack config; docs/configuration.md lists every key with its default",
    },
    searched(
      "throughput.sustainableRequestRate",
      "highest rate of the whole fleet at which every requirement holds with the deployed flags, bracketed within 1.5 % by simulation",
      { inputs },
    ),
    searched(
      "throughput.highestRequestRate",
      "the same, highest over all serving parameters within the envelope; settings are compared by short runs, so another one may reach up to 3 % more",
      { inputs },
    ),
    simulated(
      "throughput.saturatedRequestRate",
      "steady rate of a closed loop that keeps 1.5 x max_num_seqs requests in flight x replicas",
      { inputs },
    ),
  ];
}

/** Of a strategy that cannot run: the rate that is asked, and zeros. */
function servesNothing(situation: Situation, candidate: Candidate): readonly Entry[] {
  const [asked] = rates(situation, candidate);
  const zeros = (
    [
      "throughput.sustainableRequestRate",
      "throughput.highestRequestRate",
      "throughput.saturatedRequestRate",
      "throughput.outputTokensPerSecond",
      "throughput.outputTokensPerSecondPerGpu",
    ] as const
  ).map(
    (figure): Entry => ({
      figure,
      kind: "restated",
      formula: "the strategy cannot run, so it serves nothing",
      inputs: {},
      source: SIMULATION_SOURCE,
    }),
  );
  return [...(asked ? [asked] : []), ...zeros];
}

/** Where the throughput comes from; where nothing runs, the limits alone. */
export function throughputProvenance(situation: Situation, candidate: Candidate): readonly Entry[] {
  const inputs = runInputs(situation, candidate);
  const limits = [
    searched(
      "throughput.maxConcurrentSequences",
      "max_num_seqs of a replica: the envelope's bound, fewer where memory or the batch limit asks for it, or as pinned",
      { inputs },
    ),
    searched(
      "throughput.maxBatchedTokens",
      "the budget with the shortest mean request at the requested rate (objective latency), else with the highest rate, among those that pass every requirement, found by simulating neighbours; or as pinned",
      { inputs },
    ),
  ] as const;
  const { throughput, latency, strategy } = candidate;
  if (throughput === undefined) return [...limits, ...servesNothing(situation, candidate)];
  const { outputTokensPerSecond, saturatedRequestRate } = throughput;
  const meanOutputTokens = meanTokens(situation.deployment.workload.outputTokens);
  return [
    ...limits,
    ...rates(situation, candidate),
    simulated(
      "throughput.maxBatchSize",
      "sequences that a replica runs at once, not exceeded for 99 % of the steady time",
      { inputs },
    ),
    latency === undefined
      ? derived(
          "throughput.outputTokensPerSecond",
          {
            formula: "saturatedRequestRate * meanOutputTokens",
            inputs: { saturatedRequestRate, meanOutputTokens },
          },
          SIMULATION_SOURCE,
        )
      : simulated(
          "throughput.outputTokensPerSecond",
          "tokens generated per second in the steady state at the requested rate",
          { inputs },
        ),
    derived(
      "throughput.outputTokensPerSecondPerGpu",
      { formula: "outputTokensPerSecond / gpus", inputs: { outputTokensPerSecond, gpus: strategy.gpus } },
      SIMULATION_SOURCE,
    ),
  ];
}
