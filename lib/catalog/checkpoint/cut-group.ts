import type { ModelTensors } from "../families/layer";
import type { Stored, Tensor } from "../families/tensor";
import { shardShape } from "../families/tensor-bytes";

/** A product of which a rank gets a part that is no whole number of the groups or blocks that share a scale. */
export interface CutGroup {
  readonly module: string;
  /** Inputs or outputs of the product that a rank gets. */
  readonly perRank: number;
  readonly side: "inputs" | "outputs";
  /** Values that share a scale along that side. */
  readonly group: number;
}

export interface GroupShards {
  readonly tensorParallel: number;
  readonly expertParallel: number;
  /** The engine cuts the FP8 blocks of experts to fit. */
  readonly refitsExperts: boolean;
}

/** The smallest groups and blocks that vLLM's kernels for experts take when they are cut to fit. */
const LEAST_GROUP = 32;

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** Length of a scale's reach along the inputs; undefined where a scale is of a tensor or a channel. */
function inputGroup({ format, group = 128, block }: Stored): number | undefined {
  if (format === "int4" || format === "w8a16") return group;
  if (format === "fp8_block") return block?.[1] ?? 128;
  return format === "nvfp4" ? (group ?? 16) : undefined;
}

function cutExperts(tensor: Tensor, stored: Stored, shards: GroupShards): CutGroup | undefined {
  const { format, wholeGroups } = stored;
  const group = inputGroup(stored);
  if (group === undefined || shards.expertParallel > 1) return undefined;
  const [outputs, inputs] = shardShape(tensor, shards.tensorParallel);
  const perRank = tensor.cut === "rows" ? outputs : inputs;
  if (group >= perRank * shards.tensorParallel || perRank % group === 0) return undefined;
  const refits = format === "fp8_block" ? shards.refitsExperts : format !== "nvfp4" && !wholeGroups;
  if (refits && greatestDivisor(group, perRank) >= LEAST_GROUP) return undefined;
  return { module: tensor.name, perRank, side: tensor.cut === "rows" ? "outputs" : "inputs", group };
}

function cutProduct(tensor: Tensor, stored: Stored, tensorParallel: number): CutGroup | undefined {
  const { name: module, cut } = tensor;
  // One rank holds the blocks of FP8 whole, padded ones too; groups of integers have to divide the inputs all the same.
  if (tensorParallel === 1 && stored.format === "fp8_block") return undefined;
  const [outputs, inputs] = shardShape(tensor, tensorParallel);
  const group = inputGroup(stored);
  if (cut === "columns" && group !== undefined && group < tensor.inputs && inputs % group !== 0) {
    return { module, perRank: inputs, side: "inputs", group };
  }
  const rows = stored.format === "fp8_block" ? (stored.block?.[0] ?? 128) : 1;
  if ((cut === "rows" || cut === "heads") && outputs % rows !== 0) {
    return { module, perRank: outputs, side: "outputs", group: rows };
  }
  return undefined;
}

/**
 * The first product whose groups or blocks a split would cut, so that vLLM refuses the model or reads scales of other
 * groups; undefined when none is. Read in vLLM 0.33.0: validate_fp8_block_shape, check_marlin_supports_layer, CompressedTensors'
 * WNA16 experts, moe_wna16; seen with its model classes.
 */
export function cutGroup({ layers }: ModelTensors, shards: GroupShards): CutGroup | undefined {
  for (const { tensors } of layers) {
    for (const tensor of tensors) {
      const { stored, experts } = tensor;
      if (!stored || tensor.kind !== "product") continue;
      const found =
        experts === undefined
          ? cutProduct(tensor, stored, shards.tensorParallel)
          : cutExperts(tensor, stored, shards);
      if (found) return found;
    }
  }
  return undefined;
}
