import type { Plan } from "../../strategy";
import { bytes, count, gibibytes, percent } from "../format-number";
import type { Claim } from "./claim";

/** Bytes of KV cache of one token on one GPU: keys and values of the GPU's own heads in all its layers. */
function kvBytesPerToken({ model, strategy, deployment }: Plan): number {
  const heads = Math.max(1, model.keyValueHeads / strategy.tensorParallel);
  const layers = Math.ceil(model.layers / strategy.pipelineParallel);
  return 2 * layers * heads * model.headDim * (deployment.model.kvCacheDtype === "fp8" ? 1 : 2);
}

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
