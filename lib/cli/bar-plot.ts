/** A bar of the plot; no value where there is no figure. */
export interface Bar {
  readonly label: string;
  readonly value: number | null;
}

/** What a plot shows: bars on one scale with a limit to hold them against. */
export interface BarPlot {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly limit: number;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Bars as text, `width` columns wide; the limit stands as │, and a bar beyond it is marked. */
export function barPlot({ title, bars, limit }: BarPlot, width: number): string {
  const labels = Math.max(...bars.map(({ label }) => label.length));
  const room = Math.max(10, width - labels - 24);
  // A value far beyond the limit must not squeeze the others: the scale ends at three times the limit.
  const most = Math.min(Math.max(limit * 1.1, ...bars.map(({ value }) => value ?? 0)), limit * 3);
  const lines = bars.map(({ label, value }) => {
    const columns = value === null ? 0 : Math.min(value / most, 1) * room;
    const drawn = withLimit(bar(columns).padEnd(room), Math.round((limit / most) * room));
    const figure = value === null ? "-" : figureText(value);
    const mark = value === null || value > limit ? "  misses" : "";
    return `  ${label.padStart(labels)} ${drawn} ${figure.padStart(7)}${mark}`;
  });
  return `${title} (│ target ${figureText(limit)})\n${lines.join("\n")}\n`;
}

function bar(columns: number): string {
  const whole = Math.floor(columns);
  return "█".repeat(whole) + (EIGHTHS[Math.floor((columns - whole) * 8)] ?? "");
}

function withLimit(drawn: string, column: number): string {
  return `${drawn.slice(0, column)}│${drawn.slice(column + 1)}`;
}

function figureText(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
