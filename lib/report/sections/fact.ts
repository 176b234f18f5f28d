import type { JsonFigure } from "../json/json-figure";
import type { Cell, Fact, Tone } from "../report-document";

/** One figure of a section. `figure` is its path in the plan's JSON; leave it out for what is no number. */
export function fact(label: string, text: string, figure?: JsonFigure, more: Partial<Fact> = {}): Fact {
  return { label, value: { text }, ...(figure === undefined ? {} : { figure }), ...more };
}

export function cell(text: string, tone?: Tone): Cell {
  return tone === undefined ? { text } : { text, tone };
}
