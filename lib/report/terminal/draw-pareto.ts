import { significant } from "../format-number";
import type { Chart, ParetoPoint } from "../report-document";
import type { Paint } from "./paint";

type Pareto = Extract<Chart, { kind: "pareto" }>;

const HEIGHT = 12;
const MARKS = { chosen: "◆", front: "●", meets: "○", misses: "×" } as const;
const LEGEND = "◆ this plan   ● on the front   ○ meets every target   × misses a target";

/** Speed per user to the right, throughput per GPU upwards; names stand beside their points where there is room. */
export function drawPareto({ points }: Pareto, width: number, paint: Paint): readonly string[] {
  const topLabel = Math.max(...points.map((point) => point.tokensPerSecondPerGpu));
  const farLabel = Math.max(...points.map((point) => point.tokensPerSecondPerUser));
  const axis = significant(topLabel).length;
  const columns = width - axis - 3;
  const grid = Array.from({ length: HEIGHT }, () => Array.from({ length: columns }, () => " "));
  const ordered = [...points].sort((a, b) => rank(b) - rank(a));
  for (const point of ordered) place(grid, point, { x: farLabel, y: topLabel });
  for (const point of ordered.toReversed()) label(grid, point, { x: farLabel, y: topLabel });
  const lines = grid.map((cells, index) => {
    const name = index === 0 ? significant(topLabel) : index === HEIGHT - 1 ? "0" : "";
    return `${name.padStart(axis)} │${cells.join("").trimEnd()}`;
  });
  const floor = `${" ".repeat(axis)} └${"─".repeat(columns)}`;
  const right = `${significant(farLabel)} tokens/s per user`;
  return [
    paint("tokens/s per GPU", "quiet"),
    ...lines,
    floor,
    `${" ".repeat(axis + 2)}0${right.padStart(columns - 1)}`,
    paint(LEGEND, "quiet"),
  ];
}

interface Scale {
  readonly x: number;
  readonly y: number;
}

const rank = ({ state }: ParetoPoint): number => Object.keys(MARKS).indexOf(state);

function position(point: ParetoPoint, scale: Scale, columns: number): { row: number; column: number } {
  const across = scale.x > 0 ? point.tokensPerSecondPerUser / scale.x : 0;
  const up = scale.y > 0 ? point.tokensPerSecondPerGpu / scale.y : 0;
  return { row: Math.round((1 - up) * (HEIGHT - 1)), column: Math.round(across * (columns - 1)) };
}

function place(grid: string[][], point: ParetoPoint, scale: Scale): void {
  const { row, column } = position(point, scale, grid[0]?.length ?? 0);
  const line = grid[row];
  if (line !== undefined) line[column] = MARKS[point.state];
}

/** Writes the name right of the point, else left of it, else not at all. */
function label(grid: string[][], point: ParetoPoint, scale: Scale): void {
  const { row, column } = position(point, scale, grid[0]?.length ?? 0);
  const line = grid[row];
  if (line === undefined) return;
  const width = point.label.length;
  const starts = [column + 2, column - width - 1];
  const start = starts.find((at) => at >= 0 && at + width <= line.length && isFree(line, at - 1, width + 2));
  if (start === undefined) return;
  [...point.label].forEach((letter, index) => {
    line[start + index] = letter;
  });
}

/** The cell next to the point itself may be anything blank; the text's cells and one beyond must be blank. */
const isFree = (line: readonly string[], from: number, length: number): boolean =>
  line.slice(Math.max(0, from), from + length).every((cell) => cell === " ");
