import { type Curve, logLogCurve, segment } from "./log-log";
import type { AttentionShape } from "./tables";
import { tabulatedCurve } from "./tabulated";

/** Growth of decode attention with the cached tokens where memory ended the measurement: time ~ past^0.97. */
const DECODE_GROWTH = 0.97;
/** Attention of a prompt grows with the square of its length beyond the longest measured. */
const PREFILL_GROWTH = 2;
/** Launch and tail of an attention kernel: decode of one sequence with an empty cache takes 11 to 12 us on H100. */
const FLOOR_US = 11;

/** Attention of one layer on one GPU. */
export interface AttentionCurves {
  /** Work of a prompt of this length on a busy GPU, in microseconds: additive over prompts. */
  readonly promptWorkUs: Curve;
  /** Time of that much work, in microseconds: a lone short prompt cannot fill the GPU. */
  readonly workToTimeUs: Curve;
  /** One step of `batch` sequences with `past` cached tokens each, in microseconds. */
  decodeUs(batch: number, past: number): number;
}

/**
 * Curves through the measured attention of one shard.
 * @param growth of a prompt's work with its length beyond the longest measured
 */
export function attentionCurves(shape: AttentionShape, growth = PREFILL_GROWTH): AttentionCurves {
  const { lengths, single } = shape.prefill;
  const saturated = rising(shape.prefill.saturated);
  return {
    promptWorkUs: logLogCurve(lengths, saturated, growth),
    workToTimeUs: logLogCurve(saturated, single),
    decodeUs: decodeSurface(shape.decode),
  };
}

/** Noise of short prompts can turn the curve; work becomes time only where it grows with the length. */
function rising(values: readonly number[]): number[] {
  let least = 0;
  return values.map((value) => {
    least = Math.max(value, least * 1.001);
    return least;
  });
}

/** Attention that looks back over `window` tokens, from the curves of the kernel that looks back over all. */
export function windowedCurves(curves: AttentionCurves, window: number): AttentionCurves {
  const { promptWorkUs, workToTimeUs, decodeUs } = curves;
  // Causal work is half the square of the length: a token beyond the window costs twice the mean within it.
  const perToken = (2 * promptWorkUs(window)) / window;
  return {
    promptWorkUs: (length) =>
      length <= window ? promptWorkUs(length) : promptWorkUs(window) + (length - window) * perToken,
    workToTimeUs,
    decodeUs: (batch, past) => decodeUs(batch, Math.min(past, window)),
  };
}

/** Attention of layers of two kinds: `share` of them as `first`, the rest as `second`, as a mean layer. */
export function mixedCurves(first: AttentionCurves, second: AttentionCurves, share: number): AttentionCurves {
  const mix = (a: number, b: number) => share * a + (1 - share) * b;
  const workUs = tabulatedCurve((length) => mix(first.promptWorkUs(length), second.promptWorkUs(length)));
  // Mixed work says nothing of its halves: the length that it is the work of does.
  const lengthOf = inverse(workUs);
  return {
    promptWorkUs: workUs,
    workToTimeUs: (work) => {
      const length = lengthOf(work);
      return mix(
        first.workToTimeUs(first.promptWorkUs(length)),
        second.workToTimeUs(second.promptWorkUs(length)),
      );
    },
    decodeUs: (batch, past) => mix(first.decodeUs(batch, past), second.decodeUs(batch, past)),
  };
}

/** Inverse of a rising curve over 1 to a million tokens, by bisection; in proportion beyond. */
function inverse(curve: Curve): Curve {
  return (value) => {
    let [low, high] = [1, 2 ** 20];
    if (value >= curve(high)) return (high * value) / curve(high);
    while (high / low > 1.001) {
      const middle = Math.sqrt(low * high);
      if (curve(middle) <= value) low = middle;
      else high = middle;
    }
    return low;
  };
}

/** Attention of a kernel that does `prefill` and `decode` times the work (or runs that much slower). */
export function scaleAttention(
  shape: AttentionShape,
  factor: { prefill: number; decode: number },
): AttentionShape {
  const scaled = (times: readonly number[], by: number) =>
    times.map((us) => Math.min(us, FLOOR_US) + Math.max(0, us - FLOOR_US) * by);
  const { prefill, decode } = shape;
  return {
    prefill: {
      lengths: prefill.lengths,
      single: scaled(prefill.single, factor.prefill),
      saturated: prefill.saturated.map((us) => us * factor.prefill),
    },
    decode: { ...decode, us: decode.us.map((row) => scaled(row, factor.decode)) },
  };
}

/** Bilinear in log batch and log past; a row that memory cut short goes on with its growth. */
function decodeSurface({ batches, pasts, us }: AttentionShape["decode"]): AttentionCurves["decodeUs"] {
  const x = batches.map(Math.log);
  const rows = us.map((row) => logLogCurve(pasts.slice(0, row.length), row, DECODE_GROWTH));
  const last = x.length - 1;
  return (batch, past) => {
    const at = Math.log(batch);
    if (at >= x[last]) return rows[last](past) * (batch / batches[last]);
    if (at <= x[0]) return rows[0](past);
    const i = segment(x, at);
    const lower = Math.log(rows[i](past));
    return Math.exp(lower + ((Math.log(rows[i + 1](past)) - lower) * (at - x[i])) / (x[i + 1] - x[i]));
  };
}
