import type { Gpu } from "../../catalog";
import { type Curve, logLogCurve } from "./log-log";
import { peakFlops } from "./precision";
import type { Reference } from "./references";
import { recurrentTable } from "./tables";

/** A layer with a state, as one rank holds it. */
export interface RecurrentShape {
  readonly variant: "gated-delta" | "mamba2";
  /** Elements of the state of one sequence on this rank. */
  readonly stateElements: number;
  readonly stateElementBytes: number;
}

/** Time of one layer without its projections, in microseconds. */
export interface RecurrentCurves {
  /** One token each of so many sequences. */
  readonly decodeUs: Curve;
  /** So many prompt tokens. */
  readonly prefillUs: Curve;
}

/** Curves, and what of them no table of this GPU holds. */
export interface FoundRecurrent {
  readonly curves: RecurrentCurves;
  readonly scaled?: string;
}

/** State of one value head in the tables: a matrix of 128 x 128 in FP32. */
const HEAD_ELEMENTS = 128 * 128;
const MEASURED_BYTES = 4;
/** Launch and tail of convolution and rule: what no smaller state saves. */
const FLOOR_US = 6;

/**
 * A layer that keeps a state: decode reads and writes every sequence's state, prefill computes over it. Other widths, types
 * and GPUs take the nearest measured time in proportion to bytes (decode), elements and arithmetic (prefill). Mamba 2 has no
 * tables of vLLM: its state is the same kind of matrix, its time is derived. Undefined where the reference has no table.
 */
export function recurrentOf(
  gpu: Gpu,
  reference: Reference,
  { variant, stateElements, stateElementBytes }: RecurrentShape,
): FoundRecurrent | undefined {
  const table = recurrentTable(reference.tables);
  if (table === undefined) return undefined;
  const asked = stateElements / HEAD_ELEMENTS;
  const away = (heads: string) => Math.abs(Math.log(Number(heads) / asked));
  const nearest = Object.keys(table.heads).reduce((best, heads) => (away(heads) < away(best) ? heads : best));
  const { decode, prefill } = table.heads[nearest];
  const more = asked / Number(nearest);
  const memory = reference.gpu.hbmBytesPerSecond / gpu.hbmBytesPerSecond;
  const arithmetic = peakFlops(reference.gpu, "bf16") / peakFlops(gpu, "bf16");
  const scale = (us: readonly number[], factor: number) =>
    us.map((each) => Math.min(each, FLOOR_US) + Math.max(0, each - FLOOR_US) * factor);
  const isOwn =
    gpu.name === reference.gpu.name &&
    more === 1 &&
    variant === "gated-delta" &&
    stateElementBytes === MEASURED_BYTES;
  const factor = {
    decode: isOwn ? 1 : more * memory * (stateElementBytes / MEASURED_BYTES),
    prefill: isOwn ? 1 : more * arithmetic,
  };
  const curves = {
    decodeUs: logLogCurve(table.sequences, scale(decode, factor.decode)),
    prefillUs: logLogCurve(table.tokens, scale(prefill, factor.prefill)),
  };
  return isOwn
    ? { curves }
    : { curves, scaled: `scaled from gated delta with ${nearest} heads on ${reference.gpu.name}` };
}
