type Config = Readonly<Record<string, unknown>>;

interface File {
  readonly name: string;
  readonly config: Config;
}

/** One group of compressed-tensors as llm-compressor writes it. */
function compressed(format: string, weights: Config, activations: Config | null): Config {
  const group = { targets: ["Linear"], weights, input_activations: activations, output_activations: null };
  return {
    quant_method: "compressed-tensors",
    quantization_status: "compressed",
    format,
    config_groups: { group_0: group },
    ignore: [
      "lm_head",
      "re:.*mlp.gate$",
      "re:.*block_sparse_moe.gate$",
      "re:vision_tower.*",
      "re:multi_modal_projector.*",
    ],
    kv_cache_scheme: null,
  };
}

const perToken = (type: "int" | "float"): Config => ({
  num_bits: 8,
  type,
  strategy: "token",
  dynamic: true,
  symmetric: true,
});
const grouped = (bits: 4 | 8, size: number, symmetric = true): Config => ({
  num_bits: bits,
  type: "int",
  strategy: "group",
  group_size: size,
  symmetric,
  dynamic: false,
});
const perChannel = (type: "int" | "float"): Config => ({
  num_bits: 8,
  type,
  strategy: "channel",
  symmetric: true,
  dynamic: false,
});

/** Routers stay in BF16, as in published checkpoints: by a part of their names, as AWQ takes it, or by the whole. */
const ROUTERS = ["mlp.gate", "block_sparse_moe.gate"];
const routersOf = ({ num_hidden_layers: layers }: Config): string[] =>
  Array.from({ length: Number(layers) }, (_, i) => ROUTERS.map((name) => `model.layers.${i}.${name}`)).flat();

const awq = { quant_method: "awq", bits: 4, group_size: 128, zero_point: true, version: "gemm" };
const gptq = (bits: 4 | 8): Config => ({
  quant_method: "gptq",
  bits,
  group_size: 128,
  sym: true,
  desc_act: false,
  dynamic: { "-:.*\\.gate$": {} },
});

/** The ways in which people quantise a checkpoint themselves. */
const QUANTISED: Readonly<Record<string, Config>> = {
  awq,
  "gptq-int4": gptq(4),
  "gptq-int8": gptq(8),
  w4a16: compressed("pack-quantized", grouped(4, 128), null),
  "w4a16-asym": compressed("pack-quantized", grouped(4, 128, false), null),
  w8a16: compressed("pack-quantized", grouped(8, 128), null),
  w8a8: compressed("int-quantized", perChannel("int"), perToken("int")),
  "fp8-dynamic": compressed("float-quantized", perChannel("float"), perToken("float")),
  "fp8-static": { quant_method: "fp8", activation_scheme: "static", ignored_layers: ["lm_head"] },
  "fp8-block": {
    quant_method: "fp8",
    activation_scheme: "dynamic",
    weight_block_size: [128, 128],
  },
};

const dense = Object.keys(QUANTISED);
const mixture = ["awq", "gptq-int4", "w4a16", "w8a8", "fp8-dynamic", "fp8-static", "fp8-block"];

/** Which of them of which model; the names are those of the corpus. */
const WHICH: Readonly<Record<string, readonly string[]>> = {
  "meta-llama/Llama-3.1-70B-Instruct": dense,
  "meta-llama/Llama-3.1-8B-Instruct": ["awq", "w4a16", "w8a8", "fp8-dynamic"],
  "meta-llama/Llama-3.1-405B-Instruct": ["awq", "w4a16", "fp8-dynamic"],
  "Qwen/Qwen3-32B": ["awq", "gptq-int4", "w4a16", "w8a8", "fp8-dynamic"],
  "Qwen/Qwen2.5-72B-Instruct": dense,
  "Qwen/Qwen2.5-32B-Instruct": ["awq", "gptq-int4", "w4a16"],
  "Qwen/Qwen3-30B-A3B": mixture,
  "Qwen/Qwen3-235B-A22B": mixture,
  "mistralai/Mixtral-8x7B-Instruct-v0.1": ["awq", "gptq-int4", "w4a16", "w8a8", "fp8-dynamic", "fp8-static"],
  "mistralai/Mistral-Small-24B-Instruct-2501": ["w4a16", "fp8-dynamic"],
  "google/gemma-3-27b-it": ["w4a16", "fp8-dynamic"],
  "zai-org/GLM-4.5-Air": ["w4a16", "fp8-dynamic"],
};

/** What of a mixture stays in BF16, in the words of the method. */
function keptOf(way: string, config: Config): Config {
  // AWQ looks for the words anywhere in a module's name: a dense model's gate_up_proj would stay in BF16.
  if (config.num_experts === undefined) return {};
  if (way === "awq") return { modules_to_not_convert: ROUTERS };
  return /^fp8-(static|block)$/.test(way) ? { ignored_layers: routersOf(config) } : {};
}

/** Checkpoints that are quantised as the hub's are, from the files of their unquantised models. */
export function variants(files: readonly File[]): readonly File[] {
  return Object.entries(WHICH).flatMap(([model, ways]) => {
    const config = files.find(({ name }) => name === model)?.config;
    if (!config) throw new RangeError(`no config.json of ${model}`);
    return ways.map((way) => ({
      name: `${model} ${way}`,
      config: { ...config, quantization_config: { ...QUANTISED[way], ...keptOf(way, config) } },
    }));
  });
}
