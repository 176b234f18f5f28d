import type { Plan } from "../../strategy";
import { bytes, count, gibibytes, percent, points, significant } from "../format-number";
import type { Claim } from "./claim";

/** Bytes of KV cache of one token on one GPU, as the demand counts them. */
function kvBytesPerToken({ provenance }: Plan): number {
  const demand = provenance.find(({ figure }) => figure === "memoryPerGpu.demandBytes");
  return Number(demand?.inputs.kvBytesPerToken);
}

/** Requirements that memory ends; all others are of time or of the load. */
const OF_MEMORY = /^(kv|memory|weights|max-num-seqs)/;

const near = (claimed: number, value: number): boolean => Math.abs(claimed / value - 1) < 0.02;

/** Weights, KV cache, activations and their sum. */
export const memoryClaims: readonly Claim[] = [
  {
    figure: "Weights per GPU",
    claimed: "17.5 GB",
    computed: ({ memoryPerGpu: memory }) => bytes(memory.weightsBytes),
    published: "16.461 GiB = 17.67 GB a rank at TP8 in BF16 (vllm-project/vllm-ascend issue 2235)",
    verdict: ({ memoryPerGpu: memory }) =>
      near(17.5e9, memory.weightsBytes) ? "right, rounded" : "does not match",
    reason: () => "The document divides a rounded 140 GB by 8; the model has 70.55 billion parameters.",
  },
  {
    figure: "KV cache per GPU",
    claimed: "8 GB",
    computed: ({ memoryPerGpu: memory }) =>
      `taken by vLLM ${bytes(memory.kvCacheBytes)}, demanded by the workload ${bytes(demandedKv(memory))}`,
    published:
      "32.06 GiB a GPU, 420,208 tokens for Llama-3.1-70B in BF16 at TP4 with default settings (LMCache documentation)",
    verdict: () => "a demand, not what vLLM takes",
    reason: (plan) =>
      `vLLM fills its whole share at start. A token takes ${count(kvBytesPerToken(plan))} bytes on a GPU, so 8 GB are ${count(8e9 / kvBytesPerToken(plan))} tokens or ${count(8e9 / kvBytesPerToken(plan) / 8192)} sequences of 8192. The document counts 64 heads; the model keeps keys and values of ${plan.model.keyValueHeads}.`,
  },
  {
    figure: "Activations per GPU",
    claimed: "4 GB",
    computed: ({ memoryPerGpu: memory }) => bytes(memory.activationBytes),
    published:
      "4.84 GiB with vLLM's default of 1024 sequences (llm-d/llm-d-benchmark empirical-vllm-memory-results.md); 1.2 to 1.5 GiB with overheads at 128 sequences (inference-sim block counts, TP4)",
    verdict: ({ memoryPerGpu: memory }) =>
      4e9 > 1.5 * memory.activationBytes ? "higher than computed" : "of the right size",
    reason: ({ serving }) =>
      `The peak follows sequences x vocabulary and tokens per step; ${count(serving.maxNumSeqs)} sequences and ${count(serving.maxNumBatchedTokens)} tokens need less than vLLM's defaults.`,
  },
  {
    figure: "Memory used",
    claimed: "36.9 % of 80 GB",
    computed: ({ memoryPerGpu: memory }) =>
      `demand ${percent(memory.demandFraction)} of ${bytes(memory.totalBytes)} (${gibibytes(memory.totalBytes)}); vLLM takes ${percent(memory.usableBytes / memory.totalBytes)}`,
    published: "79.18 GiB are visible of an 80 GB H100 (vLLM's own log, same table)",
    verdict: ({ memoryPerGpu: memory }) =>
      Math.abs(memory.demandFraction - 0.369) < 0.05 ? "right as a demand" : "a demand with other parts",
    reason: () =>
      "17.5 + 8 + 4 of 80 GB. The monitor will show vLLM's whole share from the first minute: an alarm at 70 % would always ring.",
  },
  {
    figure: "Memory headroom",
    claimed: "50.5 GB",
    computed: ({ memoryPerGpu: memory }) =>
      `not demanded ${bytes(memory.totalBytes - memory.demandBytes)}, not taken by vLLM ${bytes(memory.totalBytes - memory.usableBytes)}`,
    published: "vLLM takes gpu_memory_utilization of the visible memory at start (v1/worker/gpu_worker.py)",
    verdict: ({ memoryPerGpu: memory }) =>
      memory.totalBytes - memory.usableBytes < 50.5e9 ? "not free: the KV cache takes it" : "right",
    reason: ({ memoryPerGpu: memory }) =>
      `80 - 29.5. What the workload does not demand is cache already: it holds more or longer sequences and keeps prefixes, but nothing else can have it. Only ${bytes(memory.totalBytes - memory.usableBytes)} lie outside vLLM.`,
  },
  {
    figure: "Memory margin",
    claimed: "38.1 %",
    computed: ({ memoryPerGpu: memory, deployment }) =>
      `${points(deployment.envelope.maxMemoryFraction - memory.demandFraction)} between the demand and the limit of ${percent(deployment.envelope.maxMemoryFraction)}`,
    published: "none: arithmetic",
    verdict: () => "miscalculated",
    reason: () =>
      "85 - 36.9 = 48.1. And a difference of two percentages is in points: the demand may grow by 130 % of itself before it reaches the limit.",
  },
  {
    figure: "Scaling headroom",
    claimed: "larger batches, longer sequences, future models",
    computed: ({ memoryPerGpu: memory, throughput, serving }) =>
      `the cache holds ${count(memory.kvCacheTokens / serving.maxModelLen)} sequences of ${count(serving.maxModelLen)}; the rate may grow ${significant(throughput.sustainableRequestRate / throughput.requestRate)} times`,
    published: "none for this workload",
    verdict: ({ throughput }) =>
      OF_MEMORY.test(throughput.sustainableEndsBy ?? "")
        ? "of memory, as it says"
        : "of memory, which is not what ends the growth",
    reason: ({ throughput, model }) =>
      `What ends first is ${(throughput.sustainableEndsBy ?? "nothing that is known").replaceAll("-", " ")}, long before the memory: larger batches make every token slower. Sequences cannot grow beyond the ${count(model.maxPositionEmbeddings)} tokens that the model knows, and another model has another plan.`,
  },
];

function demandedKv({
  demandBytes,
  weightsBytes,
  activationBytes,
  nonTorchBytes,
  cudaGraphBytes,
}: Plan["memoryPerGpu"]): number {
  return Math.max(0, demandBytes - weightsBytes - activationBytes - nonTorchBytes - cudaGraphBytes);
}
