import type { Stored, Tensor } from "./tensor";

/** How one replica's tensors are cut. */
export interface TensorShards {
  readonly tensorParallel: number;
  /** Ranks that share the experts whole; 1 cuts each expert by tensorParallel. */
  readonly expertParallel: number;
  /** Format of products whose checkpoint is not quantised: quantised while loading. */
  readonly onLoad?: Stored;
  /** Layout of experts whose kernel pads them (mxfp4); default: their width to 64. */
  readonly expertPadding?: { readonly width: number; readonly hidden: number; readonly scaleCopies?: number };
}

const roundUp = (value: number, step: number) => Math.ceil(value / step) * step;

/** vLLM pads the vocabulary to whole blocks of 64 entries. */
const VOCABULARY_BLOCK = 64;

function storedBytes(
  { format, group = 128, block, zeroPoints }: Stored,
  outputs: number,
  inputs: number,
  scaleCopies = 1,
): number {
  const values = outputs * inputs;
  switch (format) {
    case "bf16":
      return 2 * values;
    case "fp8":
      return values;
    case "fp8_block": {
      const [rows, columns] = block ?? [128, 128];
      return values + 4 * Math.ceil(outputs / rows) * Math.ceil(inputs / columns);
    }
    case "int8":
      return values + 4 * outputs;
    case "w8a16":
      return values + 2 * outputs * Math.ceil(inputs / group);
    case "int4": {
      const groups = outputs * Math.ceil(inputs / group);
      return values / 2 + 2 * groups + (zeroPoints ? groups / 2 : 0);
    }
    case "mxfp4":
      return values / 2 + (scaleCopies * values) / 32;
    case "nvfp4":
      return values / 2 + values / 16;
  }
}

function shardShape(
  tensor: Tensor,
  ranks: number,
  { width: padTo, hidden }: { readonly width: number; readonly hidden: number },
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
 * Shared experts are cut by tensor parallelism even where the routed ones are spread whole.
 */
export function bytesOnRank(
  tensor: Tensor,
  { tensorParallel, expertParallel, onLoad, expertPadding = { width: 64, hidden: 1 } }: TensorShards,
): number {
  const { experts, kind, elementBytes = 2 } = tensor;
  const stored = tensor.stored ?? onLoad ?? { format: "bf16" as const };
  const whole = experts !== undefined && expertParallel > 1;
  const padding =
    experts !== undefined && stored.format === "mxfp4" ? expertPadding : { width: 1, hidden: 1 };
  const [outputs, inputs] = shardShape(tensor, whole ? 1 : tensorParallel, padding);
  const copies = experts === undefined ? 1 : whole ? Math.ceil(experts / expertParallel) : experts;
  const one =
    kind === "plain"
      ? outputs * inputs * elementBytes
      : storedBytes(stored, outputs, inputs, expertPadding.scaleCopies);
  return copies * one;
}
