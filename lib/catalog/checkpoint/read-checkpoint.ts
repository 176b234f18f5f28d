import {
  countIf,
  flag,
  isObject,
  list,
  part,
  type RawConfig,
  refuseConfig,
  words,
} from "../families/config-reader";
import type { StorageFormat, Stored, Tensor } from "../families/tensor";
import { gptqRule } from "./gptq-rule";
import { expressionMatcher, moduleMatcher, plainModule, wordsMatcher } from "./match-module";
import { groupSize, notLoaded, type Rule, unknown } from "./rule";

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

const texts = (value: readonly unknown[] = []): string[] =>
  value.filter((entry): entry is string => typeof entry === "string");

/** Outputs and inputs of a block that shares a scale; undefined where none is stated. */
function blockOf(config: RawConfig, key: string): readonly [number, number] | undefined {
  const sides = list(config, key)?.map((side) => countIf({ [key]: side }, key));
  if (sides === undefined) return undefined;
  const [rows, columns] = sides;
  if (sides.length === 2 && rows !== undefined && columns !== undefined) return [rows, columns];
  throw refuseConfig(`${key} must be two whole numbers above 0`);
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
  const weights = part(group, "weights") ?? {};
  const bits = countIf(weights, "num_bits") ?? 0;
  const isChannel = words(weights, "strategy") === "channel";
  const size = isChannel ? Number.MAX_SAFE_INTEGER : groupSize(weights, ["group_size"]);
  const format = storageOf(String(weights.type), bits, size, part(group, "input_activations") !== undefined);
  if (!format) throw unknown(`compressed-tensors with ${bits}-bit ${String(weights.type)} weights`);
  if (weights.actorder === "group" || weights.actorder === "dynamic") {
    throw notLoaded(`compressed-tensors with activations ordered by ${weights.actorder} (actorder)`);
  }
  const block = blockOf(weights, "block_structure");
  return {
    format: block ? "fp8_block" : format,
    group: size,
    wholeGroups: true,
    ...(format === "fp8" && isChannel ? { channelScales: true } : {}),
    ...(block ? { block } : {}),
    ...(flag(weights, "symmetric", true) ? {} : { zeroPoints: true }),
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
  const groups = part(quantization, "config_groups") ?? {};
  const byName = new Map<string, Stored>();
  const patterns: [(module: string) => boolean, Stored][] = [];
  let rest: Stored | undefined;
  for (const name of Object.keys(groups)) {
    const group = part(groups, name) ?? {};
    const stored = groupStored(group);
    const targets = list(group, "targets");
    for (const target of texts(targets)) {
      if (target === "Linear") rest = stored;
      else if (target.startsWith("re:")) patterns.push([expressionMatcher(target.slice(3)), stored]);
      else byName.set(mixtureOf(plainModule(target)), stored);
    }
    if (targets === undefined) rest = stored;
  }
  if (!rest && byName.size === 0 && patterns.length === 0) throw unknown("config_groups that name no module");
  return (module) => byName.get(mixtureOf(module)) ?? patterns.find(([means]) => means(module))?.[1] ?? rest;
}

function modelopt(quantization: RawConfig): Rule {
  const mixed = part(quantization, "quantized_layers");
  if (quantization.quant_algo === "MIXED_PRECISION" && mixed) {
    const layers = new Map(
      Object.entries(mixed).map(([name, layer]) => [
        mixtureOf(plainModule(name)),
        algorithm(isObject(layer) ? layer.quant_algo : undefined),
      ]),
    );
    return (module) => layers.get(mixtureOf(module));
  }
  if (part(quantization, "config_groups")) return grouped(quantization);
  const stored = algorithm(quantization.quant_algo);
  return () => stored;
}

/** FP8 of the hub: by block where it says so, else one scale a tensor. */
function fp8(quantization: RawConfig): Rule {
  const block = blockOf(quantization, "weight_block_size");
  const stored: Stored = block ? { format: "fp8_block", block } : { format: "fp8" };
  return () => stored;
}

function awq(quantization: RawConfig): Rule {
  const bits = countIf(quantization, ["w_bit", "bits"]) ?? 4;
  if (bits !== 4) throw notLoaded(`AWQ with ${bits} bits`);
  const group = groupSize(quantization, ["q_group_size", "group_size"]);
  const stored: Stored = { format: "int4", group, zeroPoints: true };
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
      return awq(quantization);
    case "gptq":
    case "gptq_marlin":
      return gptqRule(quantization);
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
  const own =
    part(config, "quantization_config") ??
    part(part(config, "text_config") ?? {}, "quantization_config") ??
    part(config, "compression_config") ??
    part({ "hf_quant_config.json": beside }, "hf_quant_config.json");
  if (own === undefined && config.quantization !== undefined && config.quantization !== null) {
    throw unknown("MLX or an unnamed method (key quantization)");
  }
  if (own === undefined) return undefined;
  const { quantization: nested } = own;
  return { quantization: isObject(nested) ? nested : own, isNamed: isNamed(own) };
}

/** The output projection is quantised where ModelOpt lists it, or AWQ or GPTQ say so (key `lm_head`). */
function logitsOf(quantization: RawConfig, rule: Rule): Pick<Checkpoint, "logits"> {
  const listed = part(quantization, "quantized_layers")?.lm_head;
  if (isObject(listed)) return { logits: algorithm(listed.quant_algo) };
  const logits = quantization.lm_head === true ? rule("lm_head") : undefined;
  return logits ? { logits } : {};
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
  const matcher = method.startsWith("awq") ? wordsMatcher : moduleMatcher;
  const ignored = ["ignore", "modules_to_not_convert", "exclude_modules", "ignored_layers"].flatMap((key) =>
    texts(list(quantization, key)).map(matcher),
  );
  return {
    method,
    calibratedCache: [quantization.kv_cache_scheme, quantization.kv_cache_quant_algo].some(
      (scheme) => scheme !== undefined && scheme !== null,
    ),
    isNamed: found.isNamed,
    ...logitsOf(quantization, rule),
    storedOf(layer, tensor) {
      if (tensor.kind !== "product") return undefined;
      const module = `layers.${layer}.${tensor.name}`;
      if (ignored.some((means) => means(module))) return undefined;
      return rule(module);
    },
  };
}
