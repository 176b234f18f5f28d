import type { Gpu } from "../../catalog";
import type { Precision } from "../types";
import { type AttentionCurves, attentionCurves, scaleAttention, windowedCurves } from "./attention";
import { type AttentionHeads, nearestAttention } from "./nearest-attention";
import { type KernelPrecision, peakFlops } from "./precision";
import type { Reference } from "./references";
import { bytesOf } from "./roofline";
import { type AttentionShape, attentionTable, latentAttentionTable, moreAttention } from "./tables";

/** Attention of a shard, and what of it no table of this GPU holds. */
export interface FoundCurves {
  readonly curves: AttentionCurves;
  /** In words; absent when all is measured. */
  readonly scaled?: string;
}

/** Work of windowed attention beyond the longest measured prompt grows with its length. */
const WINDOW_GROWTH = 1;
/** Head dimensions that H100's first tables hold; its others are in a file of their own. */
const H100_DIMENSIONS = [64, 128];

type Shapes = Readonly<Record<string, AttentionShape>>;

/** Measured shapes without a window, and by window. */
function shapesOf({ tables }: Reference, dtype: Precision, headDim: number) {
  const own = attentionTable(tables, dtype);
  if (own === undefined) return undefined;
  const more = moreAttention(tables, dtype);
  const isOther = more !== undefined && !H100_DIMENSIONS.includes(headDim);
  const windows: Readonly<Record<string, Shapes>> = (more ?? own).windows ?? {};
  return { full: isOther ? more.shapes : own.shapes, windows };
}

/** Attention of another GPU of the same generation: decode reads memory, prefill computes. */
const ratios = (gpu: Gpu, { gpu: reference }: Reference) => ({
  prefill: peakFlops(reference, "bf16") / peakFlops(gpu, "bf16"),
  decode: reference.hbmBytesPerSecond / gpu.hbmBytesPerSecond,
});

/** Attention of one layer on one GPU, over the whole context or a window of tokens. */
export function attentionOf(
  gpu: Gpu,
  reference: Reference,
  heads: AttentionHeads,
  { kvCacheDtype, window }: { kvCacheDtype: Precision; window?: number },
): FoundCurves {
  const asked = shapesOf(reference, kvCacheDtype, heads.headDim);
  // Without kernels for this cache: those of a 16-bit one, with the bytes that this one has to read.
  const shapes = asked ?? shapesOf(reference, "bf16", heads.headDim);
  if (shapes === undefined) throw new Error(`no attention of ${reference.tables}`);
  const own = ratios(gpu, reference);
  const narrow = asked === undefined ? bytesOf(kvCacheDtype) / bytesOf("bf16") : 1;
  const factor = { prefill: own.prefill, decode: own.decode * narrow };
  const isOwn = gpu.name === reference.gpu.name && asked !== undefined;
  const scale = (shape: AttentionShape) => (isOwn ? shape : scaleAttention(shape, factor));
  const windowed = window === undefined ? undefined : shapes.windows[window];
  const key = `${heads.queryHeads}/${heads.keyValueHeads}/${heads.headDim}`;
  if (windowed?.[key]) return { curves: attentionCurves(scale(windowed[key]), WINDOW_GROWTH) };
  const found = nearestAttention(shapes.full, heads);
  const full = attentionCurves(scale(found.shape));
  const curves = window === undefined ? full : windowedCurves(full, window);
  return found.scaledFrom ? { curves, scaled: `scaled from heads ${found.scaledFrom}` } : { curves };
}

/** Latent attention of one layer with its projections. Undefined where no relative has such tables. */
export function latentAttentionOf(
  gpu: Gpu,
  reference: Reference,
  queryHeads: number,
  { kvCacheDtype, projections }: { kvCacheDtype: Precision; projections: KernelPrecision },
): FoundCurves | undefined {
  const table = latentAttentionTable(reference.tables);
  if (table === undefined) return undefined;
  const measured = projections === "bf16" || projections === "nvfp4" ? projections : "fp8_block";
  const kinds = [`${measured}/${kvCacheDtype}/`, `bf16/${kvCacheDtype}/`, "bf16/bf16/"];
  const keys = Object.keys(table.shapes);
  const kind = kinds.find((prefix) => keys.some((key) => key.startsWith(prefix)));
  if (kind === undefined) return undefined;
  const away = (heads: number) => Math.abs(Math.log(heads / queryHeads));
  const nearest = keys
    .filter((key) => key.startsWith(kind))
    .map((key) => ({ key, heads: Number(key.slice(kind.length)) }))
    .reduce((best, each) => (away(each.heads) < away(best.heads) ? each : best));
  const own = ratios(gpu, reference);
  const more = queryHeads / nearest.heads;
  const isOwn = gpu.name === reference.gpu.name && more === 1 && kind === kinds[0];
  const shape = table.shapes[nearest.key];
  const factor = { prefill: own.prefill * more, decode: own.decode };
  return {
    curves: attentionCurves(isOwn ? shape : scaleAttention(shape, factor)),
    ...(isOwn ? {} : { scaled: `scaled from ${nearest.heads} heads of ${reference.gpu.name}` }),
  };
}
