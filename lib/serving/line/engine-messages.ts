import { hasChange, memoryConstants } from "../../performance";
import type { Fit } from "../../strategy";

const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(2);

/** What vLLM prints where a check fails, by the check's id; the words are those of 0.33, of the first engine where it differs. */
const MESSAGES: Readonly<Record<string, (fit: Fit) => string>> = {
  "heads-divisible": ({ model, strategy }) =>
    `ValueError: Total number of attention heads (${model.attentionHeads}) must be divisible by tensor parallel size (${strategy.tensorParallel}).`,
  "model-length": ({ model, serving }) =>
    `ValueError: User-specified max_model_len (${serving.maxModelLen}) is greater than the derived max_model_len (max_position_embeddings=${model.maxPositionEmbeddings} or model_max_length=None in model's config.json).`,
  "weights-fit": ({ memory }) =>
    memory.weightsBytes > memory.totalBytes
      ? "torch.OutOfMemoryError: CUDA out of memory."
      : "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.",
  "one-sequence-fits": oneSequence,
  "memory-free": ({ memory, serving }) =>
    `ValueError: Free memory on device cuda:0 (${gib(memory.totalBytes - memoryConstants.nonTorchBytesInGroup)}/${gib(memory.totalBytes)} GiB) on startup is less than desired GPU memory utilization (${serving.gpuMemoryUtilization}, ${gib(memory.usableBytes)} GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.`,
  "dtype-runs": ({ gpu }) =>
    `ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your ${gpu.name} GPU has compute capability ${(gpu.computeCapability ?? 0).toFixed(1)}. You can use float16 instead by explicitly setting the \`dtype\` flag in CLI, for example: --dtype=half.`,
  "scale-blocks-whole": blocks,
  "quantization-groups": blocks,
};

function oneSequence({ engine, serving, loggedTokens, longestBytes, memory }: Fit): string {
  if (!hasChange(engine, "secondEngine"))
    return `ValueError: The model's max seq len (${serving.maxModelLen}) is larger than the maximum number of tokens that can be stored in KV cache (${loggedTokens.tokens}). Try increasing \`gpu_memory_utilization\` or decreasing \`max_model_len\` when initializing the engine.`;
  return `ValueError: To serve at least one request with the model's max seq len (${serving.maxModelLen}), (${gib(longestBytes)} GiB KV cache is needed, which is larger than the available KV cache memory (${gib(memory.kvCacheBytes)} GiB). Try increasing \`gpu_memory_utilization\` or decreasing \`max_model_len\` when initializing the engine.`;
}

function blocks({ model, strategy }: Fit): string {
  const share = (model.experts?.intermediateSize ?? model.intermediateSize) / strategy.tensorParallel;
  const side = model.tensors?.layers.flatMap(({ tensors }) =>
    tensors.flatMap(({ stored }) => stored?.block?.[0] ?? []),
  )[0];
  return side === undefined
    ? "ValueError: The input size is not aligned with the quantized weight shape. This can be caused by too large tensor parallel size."
    : `ValueError: The output_size of gate's and up's weight = ${share} is not divisible by weight quantization block_n = ${side}.`;
}

/** What vLLM prints for a check that fails; undefined where its words were not read. */
export function engineMessage(check: string, fit: Fit): string | undefined {
  return MESSAGES[check]?.(fit);
}

/** What vLLM prints when a node has fewer GPUs than a line asks for. */
export function tooFewGpus(asked: number, there: number): string {
  return `ValueError: World size (${asked}) is larger than the number of available GPUs (${there}) in this node.`;
}
