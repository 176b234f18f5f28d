import type { Curve } from "./log-log";

/** So few answers are not worth a table of more than so many cells: most settings are only looked at by hand. */
const FEW = { answers: 64, cells: 512 } as const;

/**
 * The curve at whole sizes from a table that fills as sizes are asked for: an array read after the first time.
 * Sizes above `largest` are computed every time, and so are the first few of a large table.
 * @param curve > 0 everywhere (0 marks an empty cell)
 */
export function tabulated(curve: Curve, largest: number): Curve {
  let cells: Float64Array | undefined;
  let asked = 0;
  return (size) => {
    if (size > largest) return curve(size);
    if (cells === undefined) {
      if (largest > FEW.cells && asked++ < FEW.answers) return curve(size);
      cells = new Float64Array(largest + 1);
    }
    const known = cells[size];
    if (known > 0) return known;
    const value = curve(size);
    cells[size] = value;
    return value;
  };
}

/** Cells per doubling: straight lines over 1/8 octave stay within 0.03 % of a power law with exponent 0 to 1. */
const CELLS = 8;
/** Doublings covered: sizes 1 to 2^21. */
const OCTAVES = 21;
const ROW = OCTAVES * CELLS + 2;
const LARGEST = 2 ** OCTAVES;

/** A curve over sizes from 1 on, from a table with cells in equal parts of each doubling. */
export function tabulatedCurve(curve: Curve): Curve {
  const cells = tabulatedByOctave((_, size) => curve(size), 0);
  return (size) => cells(0, size);
}

/**
 * A function of a whole batch and a real size from a table with cells in equal parts of each doubling, which fills as
 * it is asked: no logarithm after the first time. Sizes below 1 count as 1.
 * @param exact > 0 everywhere
 * @param largestBatch beyond it every call computes
 */
export function tabulatedByOctave(
  exact: (batch: number, size: number) => number,
  largestBatch: number,
): (batch: number, size: number) => number {
  let cells: Float64Array | undefined;
  const fill = (table: Float64Array, index: number) => {
    const cell = index % ROW;
    const size = 2 ** Math.floor(cell / CELLS) * (1 + (cell % CELLS) / CELLS);
    table[index] = exact(Math.floor(index / ROW), size);
    return table[index];
  };
  return (batch, size) => {
    if (batch > largestBatch || size >= LARGEST) return exact(batch, size);
    cells ??= new Float64Array((largestBatch + 1) * ROW);
    const at = Math.max(size, 1);
    const octave = 31 - Math.clz32(at);
    const position = (at / (1 << octave) - 1) * CELLS;
    const within = position | 0;
    const index = batch * ROW + octave * CELLS + within;
    const lower = cells[index] || fill(cells, index);
    const upper = cells[index + 1] || fill(cells, index + 1);
    return lower + (upper - lower) * (position - within);
  };
}
