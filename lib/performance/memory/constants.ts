const GIB = 2 ** 30;

/** What vLLM's memory accounting needs beyond the model's shapes. Fitted on few logs, so a band goes with it. */
export const memoryConstants = {
  /**
   * Sampler, bytes per sequence and vocabulary entry: FP32 logits, their softmax, sorted values and indices.
   * 4.84 GiB / (1024 x 128 256) = 39.6 and 5.64 GiB / (1024 x 151 936) = 38.9 (llm-d/llm-d-benchmark, its rows at
   * vLLM's default of 1024 sequences); 1.26 GiB / (256 x 128 256) = 41.2 (vllmpr10511 at the old default of 256).
   */
  samplerBytesPerLogit: 40,
  /** Live copies of a token's hidden state at the peak of a forward pass. Fitted with the next one, see there. */
  hiddenCopies: 4,
  /**
   * Live copies of a token's MLP shard at the peak of a forward pass. With 4 hidden copies: 1.8 GiB at TP2 and 1.2 GiB at
   * TP4 for 8192 tokens of Llama-70B; measured 2.0 (KV pool of the starved closed-loop rows) and 0.9 (isim block counts).
   */
  mlpCopies: 6,
  /** NCCL, custom all-reduce and CUDA context beyond PyTorch's allocator, bytes (llmd rows: 0.13..0.15 and 0.54..0.55 GiB). */
  nonTorchBytesAlone: 0.14 * GIB,
  nonTorchBytesInGroup: 0.55 * GIB,
  /**
   * CUDA graphs, bytes for each captured size, charged against the KV cache by newer versions of vLLM only. Logs at vLLM's
   * default list of 51 sizes show up to 0.6 GiB for all, buffers included; negative values there are a profiling artefact.
   * Derived, not measured, for longer lists.
   */
  cudaGraphBytesPerSize: 10 * 2 ** 20,
  /** Band of activation + non-torch + graphs around the computed sum, as factors: covers every V1 log at hand. */
  overheadLow: 0.6,
  overheadHigh: 1.5,
} as const;
