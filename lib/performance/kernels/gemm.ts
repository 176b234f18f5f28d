import { type Curve, logLogCurve, segment } from "./log-log";
import type { GemmShape } from "./shard";
import type { GemmTable } from "./tables";

/**
 * Time of a matrix product over its rows m, in microseconds: log-log in m; linear in n and in k between measured
 * sizes (a GEMM's time is a launch plus work, hence affine), in proportion beyond the largest.
 * @param skipTokens measured m to leave out
 */
export function gemmCurve(table: GemmTable, shape: GemmShape, skipTokens: readonly number[] = []): Curve {
  const n = bracket(table.sizes, shape.n);
  const k = bracket(table.sizes, shape.k);
  const tokens: number[] = [];
  const us: number[] = [];
  for (const [i, m] of table.tokens.entries()) {
    const time = skipTokens.includes(m) ? Number.NaN : atTokens(table, i, n, k);
    if (Number.isNaN(time)) continue;
    tokens.push(m);
    us.push(time);
  }
  return logLogCurve(tokens, us);
}

/** Two neighbouring sizes, the weight of the upper one, and a factor for sizes beyond the table. */
interface Bracket {
  readonly lower: number;
  readonly upper: number;
  readonly weight: number;
  readonly factor: number;
}

function bracket(sizes: readonly number[], size: number): Bracket {
  const largest = sizes[sizes.length - 1];
  const factor = Math.max(1, size / largest);
  const at = Math.min(Math.max(size, sizes[0]), largest);
  const i = segment(sizes, at);
  const lower = sizes[i];
  const upper = sizes[i + 1];
  return { lower, upper, weight: (at - lower) / (upper - lower), factor };
}

function atTokens(table: GemmTable, index: number, n: Bracket, k: Bracket): number {
  const time = (nSize: number, kSize: number) => table.shapes[`${nSize}x${kSize}`]?.[index] ?? Number.NaN;
  const alongN = (kSize: number) => mix(time(n.lower, kSize), time(n.upper, kSize), n.weight);
  return mix(alongN(k.lower), alongN(k.upper), k.weight) * n.factor * k.factor;
}

/** Linear mix that does not look at a neighbour of weight 0: it may not have been measured. */
function mix(lower: number, upper: number, weight: number): number {
  if (weight === 0) return lower;
  if (weight === 1) return upper;
  return lower + weight * (upper - lower);
}
