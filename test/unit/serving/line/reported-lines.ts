/** A public report of a line of `vllm serve`: what its author typed, on which machine, and what came of it. */
export interface ReportedLine {
  readonly source: string;
  readonly version: string;
  readonly on: string;
  readonly line: string;
  /** Facts of the model's config.json where the catalogue lacks it. */
  readonly config?: object;
  /** It started; otherwise what vLLM's error says. */
  readonly outcome: "starts" | RegExp;
  /** Size of the cache as it was logged, in tokens. */
  readonly kvTokens?: number;
  /** The same in GiB. */
  readonly kvGib?: number;
  readonly weightsGib?: number;
}
const dense = (config: object) => ({ tie_word_embeddings: false, ...config });
const qwen2 = (sizes: object) =>
  dense({ model_type: "qwen2", max_position_embeddings: 32_768, vocab_size: 152_064, ...sizes });
const gemma27 = {
  model_type: "gemma3",
  text_config: {
    ...{ model_type: "gemma3_text", num_hidden_layers: 62, hidden_size: 5376, intermediate_size: 21_504 },
    ...{ num_attention_heads: 32, num_key_value_heads: 16, head_dim: 128, sliding_window: 1024 },
  },
  vision_config: { model_type: "siglip_vision_model", hidden_size: 1152, num_hidden_layers: 27 },
};
const llama70Awq = dense({
  ...{ model_type: "llama", num_hidden_layers: 80, hidden_size: 8192, intermediate_size: 28_672 },
  ...{ num_attention_heads: 64, num_key_value_heads: 8, vocab_size: 128_256, max_position_embeddings: 8192 },
  quantization_config: { quant_method: "awq", bits: 4, group_size: 128, zero_point: true },
});
const HEADS = (heads: number, ranks: number) =>
  new RegExp(
    `Total number of attention heads \\(${heads}\\) must be divisible by tensor parallel size \\(${ranks}\\)`,
  );
const TOO_LONG = /To serve at least one request with the model's max seq len/;
const NO_MEMORY = /No available memory for the cache blocks/;

/** Rows of published logs as the flags that they name; their longest sequence is not stated, and one is chosen that fits. */
const LOGGED = "bench/data/vllm-memory.csv";

export const REPORTED_LINES: readonly ReportedLine[] = [
  {
    source: "vllm-project/vllm#21348",
    ...{ version: "0.9.2", on: "4xH100" },
    line: "vllm serve /path/to/Qwen3-235B-A22B-FP8 --tensor-parallel-size 4",
    ...{ outcome: "starts", kvTokens: 178_880, kvGib: 8.11 },
  },
  {
    source: "vllm-project/vllm#13061",
    ...{ version: "0.7.2", on: "2xRTX-4090" },
    line: "vllm serve --trust-remote-code --tensor_parallel_size 2 --gpu_memory_utilization=0.98 /root/autodl-tmp/deepseek-ai/DeepSeek-R1-Distill-Qwen-14B",
    config: qwen2({
      ...{
        num_hidden_layers: 48,
        hidden_size: 5120,
        intermediate_size: 13_824,
        max_position_embeddings: 131_072,
      },
      ...{ num_attention_heads: 40, num_key_value_heads: 8 },
    }),
    outcome:
      /The model's max seq len \(131072\) is larger than the maximum number of tokens that can be stored in KV cache/,
    ...{ kvTokens: 81_536, weightsGib: 13.9476 },
  },
  {
    source: "vllm-project/vllm#25292",
    ...{ version: "0.10.2", on: "4xH100" },
    line: "vllm serve Qwen/Qwen3-30B-A3B-FP8 --tensor-parallel-size 4",
    outcome: /= 192 is not divisible by weight quantization block_n = 128/,
  },
  {
    source: "vllm-project/vllm#25292, the way out",
    ...{ version: "0.10.2", on: "4xH100" },
    line: "vllm serve Qwen/Qwen3-30B-A3B-FP8 --tensor-parallel-size 4 --enable-expert-parallel",
    outcome: "starts",
  },
  {
    source: "vllm-project/vllm#17569",
    ...{ version: "0.8.5", on: "8xH100" },
    line: "vllm serve Qwen/Qwen3-235B-A22B-FP8 --tensor-parallel-size 8",
    outcome: /= 192 is not divisible by weight quantization block_n = 128/,
  },
  {
    source: "vllm-project/vllm#2248",
    ...{ version: "0.8.5", on: "g5.12xlarge" },
    line: "vllm serve casperhansen/llama-3-70b-instruct-awq --tensor-parallel-size 4 --quantization awq",
    ...{ config: llama70Awq, outcome: "starts", weightsGib: 9.3 },
  },
  {
    source: "vllm-project/vllm#27508",
    ...{ version: "0.10.1", on: "1xH100" },
    line: "vllm serve openai/gpt-oss-120b",
    ...{ outcome: NO_MEMORY, weightsGib: 65.9651, kvGib: -2.14 },
  },
  {
    source: "vllm-project/vllm#27508, the proposed way out",
    ...{ version: "0.11.0", on: "1xH100" },
    line: "vllm serve openai/gpt-oss-120b --gpu-memory-utilization 0.95 --max-num-batched-tokens 1024",
    ...{ outcome: TOO_LONG, kvGib: 1.71 },
  },
  {
    source: "gpustack/gpustack#2259",
    ...{ version: "0.8.5", on: "3xL40S" },
    line: "vllm serve /root/cache/LLM-Research/gemma-3-27b-it --max-model-len 8192 --tensor-parallel-size 3 --host 0.0.0.0 --port 40059 --served-model-name gemma-3-27b-it",
    ...{ config: gemma27, outcome: HEADS(32, 3) },
  },
  {
    source: "vllm-project/vllm#4232",
    ...{ version: "0.7.3", on: "6xT4" },
    line: "vllm serve Qwen/Qwen1.5-32B-Chat --tensor-parallel-size 6",
    config: qwen2({
      ...{ num_hidden_layers: 64, hidden_size: 5120, intermediate_size: 27_392 },
      ...{ num_attention_heads: 40, num_key_value_heads: 8 },
    }),
    outcome: HEADS(40, 6),
  },
  {
    source: "THU-KEG/AdaptThink#1",
    ...{ version: "0.8.5", on: "8xA100-SXM-80GB" },
    line: "vllm serve deepseek-ai/DeepSeek-R1-Distill-Qwen-7B --tensor-parallel-size 8",
    config: qwen2({
      ...{
        num_hidden_layers: 28,
        hidden_size: 3584,
        intermediate_size: 18_944,
        max_position_embeddings: 131_072,
      },
      ...{ num_attention_heads: 28, num_key_value_heads: 4 },
    }),
    outcome: HEADS(28, 8),
  },
  {
    source: "containers/ai-lab-recipes#514",
    ...{ version: "0.7.0", on: "3xL4" },
    line: "python -m vllm.entrypoints.openai.api_server --model meta-llama/Meta-Llama-3-8B-Instruct --tensor-parallel-size 3",
    outcome: HEADS(32, 3),
  },
  {
    source: "pytorch/pytorch#175666",
    ...{ version: "0.15.1", on: "1xA10G" },
    line: "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 4096 --gpu-memory-utilization 1.0",
    outcome: /Free memory on device cuda:0 \(.*\) on startup is less than desired GPU memory utilization/,
  },
  ...(
    [
      [
        "meta-llama/Llama-3.3-70B-Instruct --quantization fp8",
        "0.11.0",
        2,
        { kvGib: 32.0, outcome: "starts" },
      ],
      [
        "meta-llama/Llama-3.3-70B-Instruct --quantization fp8",
        "0.11.0",
        1,
        { kvGib: -1.44, outcome: NO_MEMORY },
      ],
      ["meta-llama/Llama-3.1-8B-Instruct", "0.11.0", 1, { kvGib: 51.38, outcome: "starts" }],
      ["Qwen/Qwen3-32B --max-model-len 16384", "0.11.0", 1, { kvGib: 4.45, outcome: "starts" }],
      ["Qwen/Qwen3-32B", "0.11.0", 2, { kvGib: 34.49, outcome: "starts" }],
      [
        "meta-llama/Llama-3.1-70B-Instruct",
        "0.11.0",
        4,
        { kvGib: 32.06, kvTokens: 420_208, outcome: "starts" },
      ],
      [
        "meta-llama/Llama-3.1-70B-Instruct --max-num-seqs 128 --max-num-batched-tokens 2048",
        ...(["0.15.1", 4, { kvGib: 37.14, kvTokens: 486_800, outcome: "starts" }] as const),
      ],
    ] as const
  ).map(
    ([args, version, gpus, came]): ReportedLine => ({
      source: LOGGED,
      version,
      on: `${gpus}xH100`,
      line: `vllm serve ${args} --tensor-parallel-size ${gpus}`,
      ...came,
    }),
  ),
  {
    source: LOGGED,
    ...{ version: "0.14.1", on: "1xH200" },
    line: "vllm serve meta-llama/Llama-3.1-70B-Instruct --quantization fp8 --kv-cache-dtype fp8",
    ...{ outcome: "starts", kvGib: 53.15, kvTokens: 348_304 },
  },
];
