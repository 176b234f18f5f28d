import type { BandedLatency, Plan } from "../../strategy";
import { band, count, milliseconds } from "../format-number";
import { against, type Claim } from "./claim";

const VLLM_FP8 =
  "vLLM 0.10.2, Llama-3.3-70B in FP8 (half the bytes of BF16) at TP8 on H100, prompts and outputs of 1024";
const INFERENCEX = "InferenceX rows of ai-dynamo/aiconfigurator@095f58a51";

/** Prefill, decode and first token. */
export const latencyClaims: readonly Claim[] = [
  prefill("Prefill p50", 224, (plan) => edges(plan.latency.prefill, "p50")),
  prefill("Prefill p99", 280, (plan) => edges(plan.latency.prefill, "p99")),
  decode("Decode p50", 6.4, (plan) => edges(plan.latency.decode, "p50")),
  decode("Decode p99", 8, (plan) => edges(plan.latency.decode, "p99")),
  {
    figure: "First token p99",
    claimed: "350 ms",
    computed: (plan) => text(edges(plan.latency.firstToken, "p99")),
    published: `mean 70 ms at 4 requests in flight, 185 ms at 64: ${VLLM_FP8} (${INFERENCEX})`,
    verdict: (plan) => against(350, edges(plan.latency.firstToken, "p99")),
    reason: () =>
      "The document's 350 ms is its prefill p99 times 1.25. Queueing, chunking and bursts decide this figure: it holds for one workload only.",
  },
];

interface Edges {
  readonly ms: number;
  readonly low: number;
  readonly high: number;
}

const edges = (latency: BandedLatency, percentile: "p50" | "p99"): Edges =>
  percentile === "p50"
    ? { ms: latency.p50Ms, low: latency.p50LowMs, high: latency.p50HighMs }
    : { ms: latency.p99Ms, low: latency.p99LowMs, high: latency.p99HighMs };

const text = ({ ms, low, high }: Edges): string => `${milliseconds(ms)} (${band(low, high, milliseconds)})`;

function prefill(figure: string, claimedMs: number, of: (plan: Plan) => Edges): Claim {
  return {
    figure,
    claimed: milliseconds(claimedMs),
    computed: (plan) => text(of(plan)),
    published: `mean time to first token 70 ms at 4 requests in flight: ${VLLM_FP8} (${INFERENCEX}); 303 ms for 8192 tokens on H200`,
    verdict: (plan) => against(claimedMs, of(plan)),
    reason: (plan) => {
      const { maxNumBatchedTokens } = plan.serving;
      const perToken = plan.steps.prefill.totalMs / maxNumBatchedTokens;
      return `No prompt length is given with it. A full step of ${count(maxNumBatchedTokens)} prompt tokens takes ${milliseconds(plan.steps.prefill.totalMs)}, so ${milliseconds(claimedMs)} is the work of about ${count(claimedMs / perToken)} tokens; the workload's prompts have ${promptText(plan)}.`;
    },
  };
}

function promptText({ deployment }: Plan): string {
  const { promptTokens } = deployment.workload;
  return promptTokens.kind === "lognormal"
    ? `a median of ${count(promptTokens.median)}`
    : "lengths of their own";
}

function decode(figure: string, claimedMs: number, of: (plan: Plan) => Edges): Claim {
  return {
    figure,
    claimed: milliseconds(claimedMs),
    computed: (plan) => text(of(plan)),
    published: `9.1 ms at 4 requests in flight, 11.4 ms at 16, 15.5 ms at 64 (mean): ${VLLM_FP8} (${INFERENCEX})`,
    verdict: (plan) => (claimedMs < floorMs(plan) ? "not physical" : against(claimedMs, of(plan))),
    reason: (plan) => {
      const weightsMs = readWeightsMs(plan);
      const floor = `Reading ${(plan.memoryPerGpu.weightsBytes / 1e9).toFixed(1)} GB of weights at the data sheet's bandwidth takes ${milliseconds(weightsMs)} and the all-reduces of a step ${milliseconds(plan.steps.decode.allReduceMs)}: no step of the plan's mean batch is shorter than ${milliseconds(floorMs(plan))}.`;
      const tail =
        figure === "Decode p99"
          ? " And whoever decodes while a prompt is computed waits for that step: the p99 is a step with a full chunk in it."
          : " Half the bytes (FP8) did not reach it either.";
      return floor + tail;
    },
  };
}

const readWeightsMs = ({ memoryPerGpu, gpu }: Plan): number =>
  (memoryPerGpu.weightsBytes / gpu.hbmBytesPerSecond) * 1000;

/** Bandwidth at its peak and nothing but weights and all-reduces: every real step of this batch takes longer. */
const floorMs = (plan: Plan): number => readWeightsMs(plan) + plan.steps.decode.allReduceMs;
