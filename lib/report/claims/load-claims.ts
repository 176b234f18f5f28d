import { bytes, count, percent, rateText, significant } from "../format-number";
import type { Claim } from "./claim";

/** Throughput, communication and balance. */
export const loadClaims: readonly Claim[] = [
  {
    figure: "Aggregate output",
    claimed: "1248 tokens/s",
    computed: ({ throughput }) =>
      `${count(throughput.outputTokensPerSecond)} tokens/s at ${rateText(throughput.requestRate)}; up to ${rateText(throughput.sustainableRequestRate)} within every target`,
    published:
      "3701 tokens/s offline at TP4 in BF16 (vLLM 0.6.0, sgl-project/sglang benchmark_vllm_060); 3991 tokens/s at TP8 in FP16 (TensorRT-LLM 0.14, 2048 in, 2048 out)",
    verdict: () => "the arrival rate, not a capacity",
    reason: () => "8 requests/s x 156 output tokens = 1248: what arrives, whatever the machine can do.",
  },
  {
    figure: "Output per GPU",
    claimed: "156 tokens/s",
    computed: ({ throughput }) => `${significant(throughput.outputTokensPerSecondPerGpu)} tokens/s`,
    published:
      "925 tokens/s offline at TP4 in BF16 (3701 over 4 GPUs) and 499 at TP8 in FP16 (3991 over 8): the sources of the row above",
    verdict: () => "the arrival rate, not a capacity",
    reason: () =>
      "The aggregate over 8 GPUs. That it equals the output tokens of a request is the accident of 8 requests/s on 8 GPUs.",
  },
  {
    figure: "All-reduce per layer",
    claimed: "128 bytes",
    computed: ({ communication }) => `${count(communication.allReduceBytesPerTokenPerLayer)} bytes a token`,
    published: "two all-reduces a layer over the hidden state (Megatron-LM, arXiv 1909.08053)",
    verdict: ({ communication }) =>
      communication.allReduceBytesPerTokenPerLayer === 128
        ? "right"
        : `${count(communication.allReduceBytesPerTokenPerLayer / 128)} times too small`,
    reason: ({ model }) =>
      `2 all-reduces x ${count(model.hiddenSize)} elements x 2 bytes. In time it is more: each small message has a latency of about 5 us.`,
  },
  {
    figure: "NVLink utilisation",
    claimed: "25 %",
    computed: ({ communication }) =>
      `${percent(communication.nvlinkUtilization)} of one direction on average; all-reduce is ${percent(communication.decodeStepShare)} of a decode step and ${percent(communication.prefillShare)} of a prefill step`,
    published: "all-reduce 35.1 % of FP8 prefill time at 2048 tokens and TP8 (poster at ISC 2026)",
    verdict: ({ communication }) =>
      communication.nvlinkUtilization < 0.2 ? "higher than computed" : "of the right size",
    reason: () =>
      "Bandwidth is not what all-reduce costs here: most messages are small and wait for latency, so the link idles while the step waits.",
  },
  {
    figure: "GPU utilisation",
    claimed: "65 %",
    computed: ({ balance }) => `${percent(balance.gpuUtilization)} of what the GPUs can serve`,
    published: "none for this workload",
    verdict: ({ balance }) =>
      Math.abs(balance.gpuUtilization - 0.65) < 0.1 ? "of the right size" : "differs",
    reason: () =>
      "The document does not say of what. Here it is the requested rate over the rate that a full engine sustains.",
  },
  {
    figure: "Memory balance epsilon",
    claimed: "0.05",
    computed: ({ balance }) => significant(balance.memoryEpsilon),
    published: "none",
    verdict: ({ balance }) => (balance.memoryEpsilon <= 0.05 ? "met" : "not met"),
    reason: () => "With one stage all ranks hold the same; 0.05 is the limit, not the result.",
  },
  {
    figure: "Tokens per step",
    claimed: "8192",
    computed: ({ serving }) => `${count(serving.maxNumBatchedTokens)}, picked within the bound of 8,192`,
    published: "a step of 8192 prompt tokens takes 342 ms at TP8 in BF16 (sum of measured kernels)",
    verdict: ({ serving }) =>
      serving.maxNumBatchedTokens < 8192 ? "too large for the decode target" : "kept",
    reason: ({ steps }) =>
      `Whoever decodes waits for the whole step: 342 ms against a decode target of 100 ms. A full step of the plan takes ${significant(steps.prefill.totalMs)} ms.`,
  },
  {
    figure: "Model name",
    claimed: "meta-llama/Llama-3-70B-Instruct, float16",
    computed: ({ model, deployment }) => `${model.name}, ${deployment.serving.dtype}`,
    published: "meta-llama/Meta-Llama-3-70B-Instruct, bfloat16 (its config.json)",
    verdict: () => "no such name",
    reason: ({ memoryPerGpu: memory }) =>
      `The hub's name has "Meta-"; float16 would cast a bfloat16 checkpoint of the same ${bytes(memory.weightsBytes)} a GPU for no gain.`,
  },
];
