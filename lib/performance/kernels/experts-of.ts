import type { Gpu } from "../../catalog";
import { type Curve, logLogCurve } from "./log-log";
import { type KernelPrecision, type Machine, peakFlops, weightBytes } from "./precision";
import type { Reference } from "./references";
import { type ExpertTable, expertTable } from "./tables";

/** Routed experts of one layer and how they are cut. */
export interface ExpertShape {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly activePerToken: number;
  readonly count: number;
  /** Ranks over which each expert is cut, and over which whole experts are spread. */
  readonly tensorRanks: number;
  readonly expertRanks: number;
}

/** Time by tokens of all ranks, in microseconds, and whether it was measured as such. */
export interface FoundExperts {
  readonly us: Curve;
  readonly scaled?: string;
}

/** Launches of routing, permutation and two grouped products: no experts of a table take less. */
const FLOOR_US = 15;

/**
 * The tables that answer for a precision, nearest first, by what the kernel computes in. Blackwell serves gpt-oss's weights
 * with 8-bit activations, Hopper with 16.
 */
const TABLES: Readonly<Record<KernelPrecision, readonly (readonly [string, KernelPrecision])[]>> = {
  bf16: [["bfloat16", "bf16"]],
  fp8: [
    ["fp8", "fp8"],
    ["fp8_block", "fp8_block"],
    ["bfloat16", "bf16"],
  ],
  fp8_block: [
    ["fp8_block", "fp8_block"],
    ["fp8", "fp8"],
    ["bfloat16", "bf16"],
  ],
  int8: [
    ["fp8", "fp8"],
    ["bfloat16", "bf16"],
  ],
  nvfp4: [
    ["nvfp4", "nvfp4"],
    ["int4_wo", "int4"],
    ["w4a16_mxfp4", "mxfp4"],
    ["bfloat16", "bf16"],
  ],
  int4: [
    ["int4_wo", "int4"],
    ["w4a16_mxfp4", "mxfp4"],
    ["bfloat16", "bf16"],
  ],
  mxfp4: [
    ["w4a8_mxfp4_mxfp8", "mxfp4"],
    ["w4a16_mxfp4", "mxfp4"],
    ["int4_wo", "int4"],
    ["bfloat16", "bf16"],
  ],
  w8a16: [["bfloat16", "bf16"]],
};

/** Least time of the routed experts of a rank: weights of the experts that some token chose, and their arithmetic. */
export function expertsRooflineUs(
  machine: Machine,
  shape: ExpertShape,
  precision: KernelPrecision,
  tokens: number,
): number {
  const { count, activePerToken, expertRanks, tensorRanks } = shape;
  const matrix = (3 * shape.hiddenSize * shape.intermediateSize) / tensorRanks;
  const touched = (count / expertRanks) * (1 - (1 - activePerToken / count) ** tokens);
  const slots = (tokens * activePerToken) / expertRanks;
  const readUs = (touched * matrix * weightBytes(precision)) / machine.hbmBytesPerSecond;
  return Math.max((2 * slots * matrix) / peakFlops(machine, precision), readUs) * 1e6;
}

const parse = (shape: string, ranks: string): ExpertShape => {
  const [hiddenSize, intermediateSize, activePerToken, count] = shape.split("/").map(Number);
  const [tensorRanks, expertRanks] = ranks.split("/").map(Number);
  return { hiddenSize, intermediateSize, activePerToken, count, tensorRanks, expertRanks };
};

const far = (a: number, b: number): number => Math.abs(Math.log2(a / b));

/** How unlike two shapes are: sizes of a rank's work in log2. */
function distance(a: ExpertShape, b: ExpertShape): number {
  return (
    far(a.hiddenSize, b.hiddenSize) +
    far(a.intermediateSize / a.tensorRanks, b.intermediateSize / b.tensorRanks) +
    far(a.count / a.expertRanks, b.count / b.expertRanks) +
    far(a.activePerToken / a.count, b.activePerToken / b.count) +
    0.1 * far(a.expertRanks, b.expertRanks)
  );
}

interface Candidate {
  readonly shape: ExpertShape;
  readonly us: readonly (number | null)[];
}

type Shapes = ExpertTable["shapes"][string];

/** The shapes of a table, read once: a search asks for the nearest to each of its strategies. */
const shapesRead = new WeakMap<Shapes, readonly Candidate[]>();

function candidatesOf(shapes: Shapes): readonly Candidate[] {
  const known = shapesRead.get(shapes);
  if (known !== undefined) return known;
  const candidates = Object.entries(shapes).flatMap(([key, byRanks]) =>
    Object.entries(byRanks).map(([ranks, us]) => ({ shape: parse(key, ranks), us })),
  );
  shapesRead.set(shapes, candidates);
  return candidates;
}

function nearest(shapes: Shapes, asked: ExpertShape): Candidate | undefined {
  let best: Candidate | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidatesOf(shapes)) {
    const away = distance(candidate.shape, asked);
    if (away < least) {
      best = candidate;
      least = away;
    }
  }
  return best;
}

/**
 * Routed experts of one rank, permutation and activation included, with experts chosen by a power law of exponent 1.2.
 * A shape that was not measured takes the nearest one's time over the ratio of the rooflines.
 * Undefined where the reference has no table of experts.
 */
export function expertsOf(
  gpu: Gpu,
  reference: Reference,
  shape: ExpertShape,
  precision: KernelPrecision,
): FoundExperts | undefined {
  const table = expertTable(reference.tables);
  if (table === undefined) return undefined;
  const candidates = TABLES[precision].flatMap(([name, measured], order) => {
    const found = table.shapes[name] && nearest(table.shapes[name], shape);
    // Another precision is further away than half or twice the size.
    return found ? [{ ...found, measured, name, away: distance(found.shape, shape) + 2 * order }] : [];
  });
  if (candidates.length === 0) return undefined;
  const best = candidates.reduce((a, b) => (b.away < a.away ? b : a));
  const isOwn = best.away === 0 && gpu.name === reference.gpu.name;
  const tokens: number[] = [];
  const us: number[] = [];
  for (const [i, m] of table.tokens.entries()) {
    const time = best.us[i];
    if (time === null || time === undefined) continue;
    const slower =
      expertsRooflineUs(gpu, shape, precision, m) /
      expertsRooflineUs(reference.gpu, best.shape, best.measured, m);
    const floor = Math.min(time, FLOOR_US);
    tokens.push(m);
    us.push(isOwn ? time : floor + (time - floor) * slower);
  }
  const { hiddenSize, intermediateSize, count } = best.shape;
  const scaled = `scaled from ${count} experts of ${hiddenSize} x ${intermediateSize} in ${best.name} on ${reference.gpu.name}`;
  return { us: logLogCurve(tokens, us), ...(isOwn ? {} : { scaled }) };
}
