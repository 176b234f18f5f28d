import type { Block } from "../report-document";
import type { Paint } from "./paint";
import { wrapText } from "./wrap-text";

type Bar = Extract<Block, { kind: "bar" }>;

/** One fill per part, so that the bar reads without colour. */
const FILLS = ["█", "▓", "▒", "░", "·", "="] as const;
const REST = " ";

/** A stacked bar with the limit marked below it and a legend. */
export function drawBar(bar: Bar, width: number, paint: Paint): readonly string[] {
  const room = width - 2;
  const cells = barCells(bar, room);
  const limitAt = Math.min(room - 1, Math.max(0, Math.round(bar.limit.share * room)));
  const mark = " ".repeat(limitAt + 1);
  const text = `▲ ${bar.limit.text}`;
  const pointer =
    mark.length + text.length <= width ? mark + text : `${bar.limit.text} ▲`.padStart(limitAt + 2);
  const legend = bar.parts.map((part, index) => `${fill(index)} ${part.label} ${part.text}`);
  return [paint(bar.title, "strong"), `[${cells}]`, pointer, ...filledLines(legend, width)];
}

/** Entries side by side while they have room; none is torn apart. */
function filledLines(entries: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const entry of entries) {
    const longer = `${lines.at(-1)}   ${entry}`;
    if (lines.length > 0 && longer.length <= width) lines.splice(-1, 1, longer);
    else lines.push(...wrapText(entry, width));
  }
  return lines;
}

const fill = (index: number): string => FILLS[index % FILLS.length] ?? FILLS[0];

/** Rounds the running sum, not each part: the bar's length stays true. What overflows the GPU is cut at its edge. */
function barCells(bar: Bar, room: number): string {
  let sum = 0;
  let cells = "";
  bar.parts.forEach((part, index) => {
    sum += part.share;
    const end = Math.min(room, Math.round(sum * room));
    cells += fill(index).repeat(Math.max(0, end - cells.length));
  });
  return cells.padEnd(room, REST);
}
