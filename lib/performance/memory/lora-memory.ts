import { type ModelArchitecture, product, shardShape, type Tensor } from "../../catalog";
import { expertTensorRanks } from "../shards/expert-ranks";
import type { WeightShards } from "./weights-of-stage";

/** Adapters that an engine has room for. */
export interface Adapters {
  readonly maxLoras: number;
  readonly maxRank: number;
  readonly fullySharded: boolean;
  /** Suffixes of modules; none for all. */
  readonly targetModules: readonly string[];
}

const BF16_BYTES = 2;

/** Modules that vLLM packs into one, which is adapted as a whole. */
const PACKED: Readonly<Record<string, readonly string[]>> = {
  qkv_proj: ["q_proj", "k_proj", "v_proj"],
  gate_up_proj: ["gate_proj", "up_proj"],
};

/** Families whose classes adapt embedding and output projection too (`embedding_modules`, model_executor/models of 0.33). */
const ADAPTED_ENDS = /^(llama|mistral|phi3|qwen3$|qwen3_moe|mixtral|qwen3_5|nemotron_h)/;
/** Families whose adapters keep gate and up projection of an expert as one (`is_3d_moe_weight`). */
const FUSED_EXPERTS = /^(gpt_oss|qwen3_vl_moe|qwen3_5_moe)/;

/** Whether an adapter changes embedding and output projection; rows of the catalogue without a type are Llama's like. */
export const adaptsEnds = ({ modelType = "llama" }: ModelArchitecture): boolean =>
  ADAPTED_ENDS.test(modelType);

/** The linear modules of a layer of which only the shape is known. */
function shapedModules(model: ModelArchitecture): readonly Tensor[] {
  const { hiddenSize, attentionHeads, keyValueHeads, headDim, intermediateSize, experts } = model;
  const attention = [
    product("self_attn.q_proj", attentionHeads * headDim, hiddenSize, "rows"),
    product("self_attn.k_proj", keyValueHeads * headDim, hiddenSize, "heads", keyValueHeads),
    product("self_attn.v_proj", keyValueHeads * headDim, hiddenSize, "heads", keyValueHeads),
    product("self_attn.o_proj", hiddenSize, attentionHeads * headDim, "columns"),
  ];
  const width = experts?.intermediateSize ?? intermediateSize;
  const rest = [
    product("mlp.gate_proj", width, hiddenSize, "rows"),
    product("mlp.up_proj", width, hiddenSize, "rows"),
    product("mlp.down_proj", hiddenSize, width, "columns"),
  ];
  if (!experts) return [...attention, ...rest];
  const routed = rest.map((tensor) => ({
    ...tensor,
    name: tensor.name.replace("mlp", "mlp.experts"),
    experts: experts.count,
  }));
  return [...attention, product("mlp.gate", experts.count, hiddenSize, "none"), ...routed];
}

const suffixOf = (name: string): string => name.split(".").at(-1) ?? name;

function isTargeted({ name, experts }: Tensor, targets: readonly string[]): boolean {
  if (targets.length === 0) return true;
  const suffix = experts === undefined ? suffixOf(name) : "experts";
  const [parent, children] = Object.entries(PACKED).find(([, parts]) => parts.includes(suffix)) ?? [];
  return [suffix, parent, ...(children ?? [])].some((each) => each !== undefined && targets.includes(each));
}

/** Modules with a weight matrix: products, and the router, which is one although its weights are never quantised. */
const isLinear = ({ name, kind }: Tensor): boolean =>
  kind === "product" || /\.(gate|shared_expert_gate)$/.test(name);

/** Elements of the two matrices of an adapter for a module on one rank. */
function adapterElements(tensor: Tensor, shards: WeightShards, adapters: Adapters, isFused: boolean): number {
  const { maxRank, fullySharded } = adapters;
  const { experts, cut } = tensor;
  const isWhole = experts !== undefined && shards.expertParallel > 1;
  const ranks = isWhole ? 1 : experts === undefined ? shards.tensorParallel : expertTensorRanks(shards);
  const [outputs, inputs] = shardShape(tensor, ranks);
  const shrinks = cut === "rows" || cut === "heads";
  const first = (fullySharded && shrinks ? maxRank / ranks : maxRank) * inputs;
  const second = (fullySharded && cut === "columns" ? outputs / ranks : outputs) * maxRank;
  const copies = experts === undefined ? 1 : isWhole ? Math.ceil(experts / shards.expertParallel) : experts;
  // One matrix reads the input for gate and up projection together.
  const isSecondHalf = isFused && experts !== undefined && suffixOf(tensor.name) === "up_proj";
  return copies * ((isSecondHalf ? 0 : first) + second);
}

/**
 * Bytes that the slot of one adapter takes on a GPU of a stage, whatever the adapter's own rank and modules are
 * (`create_lora_weights` in vllm/lora/layers of 0.33): for each linear module two matrices of the highest rank, of which
 * that on the cut side is cut with it, and both when they are fully sharded; every expert has its own; those of embedding
 * and output projection are never cut.
 */
export function adapterBytes(model: ModelArchitecture, shards: WeightShards, adapters: Adapters): number {
  const { firstLayer = 0, layers, isFirstStage, isLastStage } = shards;
  const isFused = FUSED_EXPERTS.test(model.modelType ?? "");
  const shaped = model.tensors ? undefined : shapedModules(model);
  let elements = 0;
  for (let layer = firstLayer; layer < firstLayer + layers; layer++)
    for (const tensor of shaped ?? model.tensors?.layers[layer]?.tensors ?? [])
      if (isLinear(tensor) && isTargeted(tensor, adapters.targetModules))
        elements += adapterElements(tensor, shards, adapters, isFused);
  const end = adapters.maxRank * (model.vocabularySize + model.hiddenSize);
  const ends = (["embed_tokens", "lm_head"] as const).filter(
    (name) =>
      adaptsEnds(model) &&
      (name === "embed_tokens" ? isFirstStage : isLastStage) &&
      (adapters.targetModules.length === 0 || adapters.targetModules.includes(name)),
  );
  return BF16_BYTES * (elements + ends.length * end);
}
