import type { Curve } from "./log-log";

/**
 * The curve at whole sizes from a table that fills as sizes are asked for: an array read after the first time.
 * Sizes above `largest` are computed every time.
 * @param curve > 0 everywhere (0 marks an empty cell)
 */
export function tabulated(curve: Curve, largest: number): Curve {
  let cells: Float64Array | undefined;
  return (size) => {
    if (size > largest) return curve(size);
    cells ??= new Float64Array(largest + 1);
    const known = cells[size];
    if (known > 0) return known;
    const value = curve(size);
    cells[size] = value;
    return value;
  };
}

/** Cells per doubling: straight lines over 1/32 octave stay within 0.01 % of a power law. */
const CELLS_PER_OCTAVE = 32;
/** Contexts up to 2^21 - 1 tokens; longer ones read the last cell's line. */
const OCTAVES = 21;

/**
 * A function of a whole batch and a real context, from one row of cells per batch: no logarithm after the first time.
 * @param largestBatch beyond it every call computes
 */
export function tabulatedByContext(
  exact: (batch: number, context: number) => number,
  largestBatch: number,
): (batch: number, context: number) => number {
  const rows: Float64Array[] = [];
  const fill = (row: Float64Array, batch: number, cell: number) => {
    const octave = 2 ** Math.floor(cell / CELLS_PER_OCTAVE);
    const value = exact(batch, octave * (1 + (cell % CELLS_PER_OCTAVE) / CELLS_PER_OCTAVE));
    row[cell] = value;
    return value;
  };
  return (batch, context) => {
    if (batch > largestBatch) return exact(batch, context);
    const at = Math.max(context, 1);
    rows[batch] ??= new Float64Array(OCTAVES * CELLS_PER_OCTAVE + 2);
    const row = rows[batch];
    const octave = Math.min(OCTAVES - 1, 31 - Math.clz32(at));
    const position = (at / (1 << octave) - 1) * CELLS_PER_OCTAVE;
    const within = Math.min(position | 0, CELLS_PER_OCTAVE - 1);
    const cell = octave * CELLS_PER_OCTAVE + within;
    const lower = row[cell] || fill(row, batch, cell);
    const upper = row[cell + 1] || fill(row, batch, cell + 1);
    return lower + (upper - lower) * (position - within);
  };
}
