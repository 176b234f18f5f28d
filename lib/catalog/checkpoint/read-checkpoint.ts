import { isObject, list, type RawConfig, refuseConfig, words } from "../families/config-reader";
import type { StorageFormat, Stored, Tensor } from "../families/tensor";
import { namesModule, plainModule } from "./match-module";

/** How a quantised checkpoint stores its weights. */
export interface Checkpoint {
  /** Method as vLLM names it: fp8, awq, gptq, compressed-tensors, modelopt, mxfp4. */
  readonly method: string;
  /** Scales for an 8-bit KV cache: `kv_cache_scheme` or `kv_cache_quant_algo` (vllm/utils/torch_utils.py). */
  readonly calibratedCache: boolean;
  /** Whether the files name the method where vLLM looks for it. */
  readonly isNamed: boolean;
  /** Storage of a product of layer `layer`; undefined for what the checkpoint leaves in BF16. */
  storedOf(layer: number, tensor: Tensor): Stored | undefined;
  /** Storage of the output projection; undefined unless the checkpoint names it. */
  readonly logits?: Stored;
}

type Rule = (module: string) => Stored | undefined;

const numberOf = (value: unknown, fallback: number): number => (typeof value === "number" ? value : fallback);
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string") : [];

function unknown(what: string): Error {
  return refuseConfig(
    `the checkpoint is quantised by ${what}, which cannot be planned yet`,
    "give another checkpoint of the model: fp8, w8a8, w4a16, AWQ, GPTQ, mxfp4 or nvfp4",
  );
}

/** ModelOpt's names of formats. */
const ALGORITHMS: Readonly<Record<string, Stored>> = {
  FP8: { format: "fp8" },
  FP8_PER_CHANNEL_PER_TOKEN: { format: "fp8", channelScales: true },
  FP8_PB_WO: { format: "fp8_block", block: [128, 128] },
  NVFP4: { format: "nvfp4", group: 16 },
  W4A16_NVFP4: { format: "nvfp4", group: 16 },
  MXFP8: { format: "fp8_block", block: [1, 32], scaleBytes: 1 },
};

function algorithm(name: unknown): Stored {
  const found = typeof name === "string" ? ALGORITHMS[name] : undefined;
  if (!found) throw unknown(`ModelOpt's ${String(name)}`);
  return found;
}

/** One group of compressed-tensors: what its weights are. */
function groupStored(group: RawConfig): Stored {
  const weights = isObject(group.weights) ? group.weights : {};
  const bits = numberOf(weights.num_bits, 0);
  const isChannel = weights.strategy === "channel";
  const size = isChannel ? Number.MAX_SAFE_INTEGER : numberOf(weights.group_size, 128);
  const format = storageOf(String(weights.type), bits, size, isObject(group.input_activations));
  if (!format) throw unknown(`compressed-tensors with ${bits}-bit ${String(weights.type)} weights`);
  const block = Array.isArray(weights.block_structure) ? weights.block_structure : [];
  return {
    format: block.length === 2 ? "fp8_block" : format,
    group: size,
    wholeGroups: true,
    ...(format === "fp8" && isChannel ? { channelScales: true } : {}),
    ...(block.length === 2 ? { block: [Number(block[0]), Number(block[1])] as const } : {}),
    ...(weights.symmetric === false ? { zeroPoints: true } : {}),
  };
}

function storageOf(
  type: string,
  bits: number,
  group: number,
  activations: boolean,
): StorageFormat | undefined {
  if (type === "float" && bits === 8) return "fp8";
  if (type === "float" && bits === 4) return group === 16 ? "nvfp4" : "mxfp4";
  if (type === "int" && bits === 8) return activations ? "int8" : "w8a16";
  return type === "int" && bits === 4 ? "int4" : undefined;
}

/** Checkpoints name the projections of a mixture in several ways, or the mixture alone: all its experts are stored alike. */
const mixtureOf = (module: string): string => module.replace(/\.experts\..*$/, ".experts");

/** Groups name their modules, or `Linear` for all that no other group names. */
function grouped(quantization: RawConfig): Rule {
  const groups = isObject(quantization.config_groups) ? Object.values(quantization.config_groups) : [];
  const byName = new Map<string, Stored>();
  const patterns: [string, Stored][] = [];
  let rest: Stored | undefined;
  for (const group of groups.filter(isObject)) {
    const stored = groupStored(group);
    for (const target of texts(group.targets)) {
      if (target === "Linear") rest = stored;
      else if (target.startsWith("re:")) patterns.push([target, stored]);
      else byName.set(mixtureOf(plainModule(target)), stored);
    }
    if (group.targets === undefined) rest = stored;
  }
  return (module) =>
    byName.get(mixtureOf(module)) ?? patterns.find(([pattern]) => namesModule(pattern, module))?.[1] ?? rest;
}

function modelopt(quantization: RawConfig): Rule {
  if (quantization.quant_algo === "MIXED_PRECISION" && isObject(quantization.quantized_layers)) {
    const layers = new Map(
      Object.entries(quantization.quantized_layers).map(([name, layer]) => [
        mixtureOf(plainModule(name)),
        algorithm(isObject(layer) ? layer.quant_algo : undefined),
      ]),
    );
    return (module) => layers.get(mixtureOf(module));
  }
  if (isObject(quantization.config_groups)) return grouped(quantization);
  const stored = algorithm(quantization.quant_algo);
  return () => stored;
}

/** FP8 of the hub: by block where it says so, else one scale a tensor. */
function fp8({ weight_block_size: block }: RawConfig): Rule {
  const stored: Stored =
    Array.isArray(block) && block.length === 2
      ? { format: "fp8_block", block: [Number(block[0]), Number(block[1])] }
      : { format: "fp8" };
  return () => stored;
}

function integers(quantization: RawConfig): Rule {
  const bits = numberOf(quantization.bits ?? quantization.w_bit, 4);
  if (bits !== 4 && bits !== 8) throw unknown(`${String(quantization.quant_method)} with ${bits} bits`);
  const group = numberOf(quantization.group_size ?? quantization.q_group_size, 128);
  const stored: Stored = {
    format: bits === 4 ? "int4" : "w8a16",
    // -1 is one group of all inputs.
    group: group > 0 ? group : Number.MAX_SAFE_INTEGER,
    zeroPoints: true,
    ...(quantization.quant_method === "gptq" && quantization.sym !== false ? { gptqExperts: true } : {}),
  };
  return () => stored;
}

/** gpt-oss stores its experts only. */
const mxfp4: Rule = (module) => (module.includes(".experts.") ? { format: "mxfp4", group: 32 } : undefined);

function ruleOf(method: string, quantization: RawConfig): Rule {
  switch (method) {
    case "fp8":
      return fp8(quantization);
    case "compressed-tensors":
      return grouped(quantization);
    case "modelopt":
    case "modelopt_fp4":
    case "modelopt_mixed":
      return modelopt(quantization);
    case "awq":
    case "awq_marlin":
    case "gptq":
    case "gptq_marlin":
      return integers(quantization);
    case "mxfp4":
      return mxfp4;
    default:
      throw unknown(method);
  }
}

/** Does vLLM find the method: under `quant_method`, or in ModelOpt's older form (0.33.0: model_arch_config_convertor.py)? */
function isNamed({ quant_method: method, producer, quantization }: RawConfig): boolean {
  if (typeof method === "string" && method !== "") return true;
  return isObject(producer) && producer.name === "modelopt" && isObject(quantization);
}

interface Stated {
  readonly quantization: RawConfig;
  readonly isNamed: boolean;
}

/** The quantisation that a config.json, its text part or the hf_quant_config.json beside it states. */
function quantizationOf(config: RawConfig, beside: unknown): Stated | undefined {
  const text = isObject(config.text_config) ? config.text_config : {};
  const own = [config.quantization_config, text.quantization_config, config.compression_config, beside].find(
    isObject,
  );
  if (own === undefined && config.quantization !== undefined && config.quantization !== null) {
    throw unknown("MLX or an unnamed method (key quantization)");
  }
  if (own === undefined) return undefined;
  const { quantization: nested } = own;
  return { quantization: isObject(nested) ? nested : own, isNamed: isNamed(own) };
}

/**
 * Reads how a checkpoint is quantised; undefined for one that is not. `beside` is the content of hf_quant_config.json.
 * Throws a UserError that names a method or format that is not known.
 */
export function readCheckpoint(config: RawConfig, beside?: unknown): Checkpoint | undefined {
  const found = quantizationOf(config, beside);
  if (!found) return undefined;
  const { quantization } = found;
  const stated = words(quantization, "quant_method");
  const method = stated ?? (quantization.quant_algo === undefined ? "unnamed" : "modelopt");
  const rule = ruleOf(method, quantization);
  const ignored = ["ignore", "modules_to_not_convert", "exclude_modules", "ignored_layers"].flatMap((key) =>
    texts(list(quantization, key)),
  );
  const logits = isObject(quantization.quantized_layers) ? quantization.quantized_layers.lm_head : undefined;
  return {
    method,
    calibratedCache: [quantization.kv_cache_scheme, quantization.kv_cache_quant_algo].some(
      (scheme) => scheme !== undefined && scheme !== null,
    ),
    isNamed: found.isNamed,
    ...(isObject(logits) ? { logits: algorithm(logits.quant_algo) } : {}),
    storedOf(layer, tensor) {
      if (tensor.kind !== "product") return undefined;
      const module = `layers.${layer}.${tensor.name}`;
      if (ignored.some((entry) => namesModule(entry, module))) return undefined;
      return rule(module);
    },
  };
}
