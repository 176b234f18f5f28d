import type { Stored, Tensor } from "./tensor";

/** How one replica's tensors are cut. */
export interface TensorShards {
  readonly tensorParallel: number;
  /** Ranks that share the experts whole; 1 cuts each expert. */
  readonly expertParallel: number;
  /** Ranks over which each expert is cut when expertParallel is 1; default tensorParallel. */
  readonly expertTensorParallel?: number;
  /** Copies of experts in each layer over all ranks that share them whole. */
  readonly redundantExperts?: number;
  /** Format of products whose checkpoint is not quantised: quantised while loading. */
  readonly onLoad?: Stored;
  /** Layout of experts whose kernel pads them (mxfp4); default: their width to 64. */
  readonly expertPadding?: { readonly width: number; readonly hidden: number; readonly scaleCopies?: number };
}

const roundUp = (value: number, step: number) => Math.ceil(value / step) * step;

/** vLLM pads the vocabulary to whole blocks of 64 entries. */
const VOCABULARY_BLOCK = 64;

/** Bytes of zero points beside `groups` groups of `bits` bits. */
const zeroPointBytes = (zeroPoints: boolean | undefined, groups: number, bits: 4 | 8) =>
  zeroPoints ? (groups * bits) / 8 : 0;

function storedBytes(stored: Stored, outputs: number, inputs: number, scaleCopies = 1): number {
  const { format, group = 128, block, scaleBytes = 4, zeroPoints, channelScales } = stored;
  const values = outputs * inputs;
  const groups = outputs * Math.ceil(inputs / group);
  switch (format) {
    case "bf16":
      return 2 * values;
    case "fp8":
      return values + (channelScales ? 4 * outputs : 0);
    case "fp8_block": {
      const [rows, columns] = block ?? [128, 128];
      return values + scaleBytes * Math.ceil(outputs / rows) * Math.ceil(inputs / columns);
    }
    case "int8":
      return values + 4 * outputs;
    case "w8a16":
      return values + 2 * groups + zeroPointBytes(zeroPoints, groups, 8);
    case "int4":
      return values / 2 + 2 * groups + zeroPointBytes(zeroPoints, groups, 4);
    case "mxfp4":
      return values / 2 + (scaleCopies * values) / 32;
    case "nvfp4":
      return values / 2 + values / 16;
  }
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/**
 * How the experts of a rank are stored where its share of their width is no multiple of a group or block: vLLM cuts blocks
 * to what divides both, and halves groups until they fit (0.33.0: layers/quantization/moe_wna16.py and fp8.py).
 */
function expertStorage(stored: Stored, width: number): Stored {
  const { format, group = 128, block } = stored;
  if (format === "fp8_block" && block) {
    const side = (length: number) => greatestDivisor(length, width);
    return { ...stored, block: [side(block[0]), side(block[1])] };
  }
  if ((format !== "int4" && format !== "w8a16") || width % group === 0 || stored.wholeGroups) return stored;
  let halved = group;
  while (halved > 1 && width % halved !== 0) halved /= 2;
  return { ...stored, group: halved, zeroPoints: stored.zeroPoints === true && !stored.gptqExperts };
}

function expertBytes(
  stored: Stored,
  { cut }: Tensor,
  [outputs, inputs]: readonly [outputs: number, inputs: number],
  scaleCopies: number,
): number {
  const width = cut === "rows" ? outputs : inputs;
  const held = expertStorage(stored, width);
  const biases = stored.gptqExperts && held === stored ? 2 * outputs : 0;
  return storedBytes(held, outputs, inputs, scaleCopies) + biases;
}

/** How the width of a rank's experts and their hidden size are padded. */
interface Padding {
  readonly width: number;
  readonly hidden: number;
}

const NO_PADDING: Padding = { width: 1, hidden: 1 };

/** Outputs and inputs of a tensor on one of `ranks`. */
export function shardShape(
  tensor: Tensor,
  ranks: number,
  { width: padTo, hidden }: Padding = NO_PADDING,
): [outputs: number, inputs: number] {
  const { outputs, inputs, cut, heads = 1 } = tensor;
  switch (cut) {
    case "rows":
      return [roundUp(outputs / ranks, padTo), roundUp(inputs, hidden)];
    case "columns":
      return [roundUp(outputs, hidden), roundUp(inputs / ranks, padTo)];
    case "heads":
      return [Math.max(1, Math.ceil(heads / ranks)) * (outputs / heads), inputs];
    case "vocabulary":
      return [roundUp(roundUp(outputs, VOCABULARY_BLOCK), ranks) / ranks, inputs];
    case "none":
      return [outputs, inputs];
  }
}

/**
 * Bytes of a tensor on one rank, as vLLM allocates it: scales, padding and copied heads included.
 * Shared experts are cut by tensor parallelism even where the routed ones are spread whole over one replica's ranks; over
 * several replicas (experts beyond TP) some families copy them to each rank, which then takes its share of the tokens.
 */
export function bytesOnRank(tensor: Tensor, shards: TensorShards): number {
  const { tensorParallel, expertParallel, onLoad, expertPadding = { width: 64, hidden: 1 } } = shards;
  const { experts, kind, elementBytes = 2 } = tensor;
  const stored = tensor.stored ?? onLoad ?? { format: "bf16" as const };
  const whole = experts !== undefined && expertParallel > 1;
  const sequenceParallel = tensorParallel > 1 && expertParallel > tensorParallel;
  const isCopied = whole || (tensor.copiedOverReplicas === true && sequenceParallel);
  const padding = experts !== undefined && stored.format === "mxfp4" ? expertPadding : NO_PADDING;
  const cut = experts === undefined ? tensorParallel : (shards.expertTensorParallel ?? tensorParallel);
  const shape = shardShape(tensor, isCopied ? 1 : cut, padding);
  const [outputs, inputs] = shape;
  const held = whole
    ? Math.ceil(((experts ?? 0) + (shards.redundantExperts ?? 0)) / expertParallel)
    : experts;
  const copies = held ?? 1;
  if (kind === "plain") return copies * outputs * inputs * elementBytes;
  if (experts === undefined) return storedBytes(stored, outputs, inputs);
  return copies * expertBytes(stored, tensor, shape, expertPadding.scaleCopies ?? 1);
}
