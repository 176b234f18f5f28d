import { type Curve, logLogCurve, segment } from "./log-log";
import type { AttentionShape } from "./tables";

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

/** Curves through the measured attention of one shard. */
export function attentionCurves(shape: AttentionShape): AttentionCurves {
  const { lengths, single, saturated } = shape.prefill;
  return {
    promptWorkUs: logLogCurve(lengths, saturated, PREFILL_GROWTH),
    workToTimeUs: logLogCurve(saturated, single),
    decodeUs: decodeSurface(shape.decode),
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
