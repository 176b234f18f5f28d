import type { GemmShape } from "../shards/shard";
import { segment } from "./log-log";
import type { KernelPrecision, Machine } from "./precision";
import { gemmRooflineUs } from "./roofline";
import type { GemmTable } from "./tables";

/** Rows at which a GEMM is known, and its time there. */
export interface GemmPoints {
  readonly tokens: readonly number[];
  readonly us: readonly number[];
}

/** A table with the precision and the machine that it was measured on. */
export interface MeasuredGemms {
  readonly table: GemmTable;
  readonly precision: KernelPrecision;
  readonly machine: Machine;
  /** Rows that are left out of the table. */
  readonly skipped: readonly number[];
}

/** Neighbours whose efficiency an unmeasured shape borrows; 8 won against 2, 4 and 6 on held-out shapes. */
const NEIGHBOURS = 8;

/**
 * Time of a matrix product in microseconds at the measured rows m. A measured shape answers from its own row. Between
 * measured shapes: the geometric mean of linear interpolation in n and k (time is a launch plus work) and of the
 * efficiency of the nearest shapes, weighted by inverse squared distance in log2. On shapes held out of the table
 * (1024 <= n, k <= 51200) this errs by 3 % in the median and 9 % at p90, either half alone by up to 10.5 % at p90.
 */
export function gemmPoints(gemms: MeasuredGemms, shape: GemmShape): GemmPoints {
  const known = computed.get(gemms.table) ?? new Map<string, GemmPoints>();
  computed.set(gemms.table, known);
  const key = `${shape.n}x${shape.k}`;
  const points = known.get(key) ?? interpolate(gemms, shape);
  known.set(key, points);
  return points;
}

/** Points by table and shape: candidates of a search share most of their shapes. */
const computed = new WeakMap<GemmTable, Map<string, GemmPoints>>();

function interpolate(gemms: MeasuredGemms, shape: GemmShape): GemmPoints {
  const { table, skipped } = gemms;
  const n = bracket(table.sizes, shape.n);
  const k = bracket(table.sizes, shape.k);
  const exact = n.measured && k.measured;
  const near = exact ? [] : nearestShapes(table, shape, [n, k]);
  const tokens: number[] = [];
  const us: number[] = [];
  for (const [i, m] of table.tokens.entries()) {
    if (skipped.includes(m)) continue;
    const linear = linearUs(table, i, n, k);
    const borrowed = exact
      ? linear
      : gemmRooflineUs(gemms.machine, shape, gemms.precision, m) / efficiency(near, i, m, gemms);
    if (!(linear > 0 && borrowed > 0)) continue;
    tokens.push(m);
    us.push(Math.sqrt(linear * borrowed));
  }
  return { tokens, us };
}

/** Two neighbouring sizes, the weight of the upper one, and a factor for sizes beyond the table. */
interface Bracket {
  /** Index of the lower size. */
  readonly index: number;
  readonly lower: number;
  readonly upper: number;
  readonly weight: number;
  readonly factor: number;
  readonly measured: boolean;
}

function bracket(sizes: readonly number[], size: number): Bracket {
  const largest = sizes[sizes.length - 1];
  const at = Math.min(Math.max(size, sizes[0]), largest);
  const index = segment(sizes, at);
  const lower = sizes[index];
  const upper = sizes[index + 1];
  const weight = (at - lower) / (upper - lower);
  return { index, lower, upper, weight, factor: Math.max(1, size / largest), measured: sizes.includes(size) };
}

function linearUs(table: GemmTable, row: number, n: Bracket, k: Bracket): number {
  const time = (nSize: number, kSize: number) => table.shapes[`${nSize}x${kSize}`]?.[row] ?? Number.NaN;
  const alongN = (kSize: number) => mix(time(n.lower, kSize), time(n.upper, kSize), n.weight);
  return mix(alongN(k.lower), alongN(k.upper), k.weight) * n.factor * k.factor;
}

/** Linear mix that does not look at a neighbour of weight 0: it may not have been measured. */
function mix(lower: number, upper: number, weight: number): number {
  if (weight === 0) return lower;
  if (weight === 1) return upper;
  return lower + weight * (upper - lower);
}

interface Neighbour {
  readonly shape: GemmShape;
  readonly us: readonly (number | null)[];
  readonly distance: number;
}

/** Nearest measured shapes, looked for two sizes beyond the bracket in each direction. */
function nearestShapes(table: GemmTable, shape: GemmShape, [n, k]: readonly [Bracket, Bracket]): Neighbour[] {
  const around = ({ index }: Bracket) => table.sizes.slice(Math.max(0, index - 2), index + 4);
  const found = around(n).flatMap((nSize) =>
    around(k).flatMap((kSize) => {
      const us = table.shapes[`${nSize}x${kSize}`];
      const distance = Math.hypot(Math.log2(nSize / shape.n), Math.log2(kSize / shape.k));
      return us ? [{ shape: { n: nSize, k: kSize }, us, distance }] : [];
    }),
  );
  return found.sort((a, b) => a.distance - b.distance).slice(0, NEIGHBOURS);
}

/** Roofline over measured time of the neighbours at one row. */
function efficiency(near: readonly Neighbour[], row: number, m: number, gemms: MeasuredGemms): number {
  let sum = 0;
  let weights = 0;
  for (const { shape, us, distance } of near) {
    const time = us[row];
    if (!time) continue;
    const weight = 1 / distance ** 2;
    sum += (weight * gemmRooflineUs(gemms.machine, shape, gemms.precision, m)) / time;
    weights += weight;
  }
  return sum / weights;
}
