import type { Plan, Remedy } from "../../strategy";
import type { Table } from "../report-document";
import type { ReportOptions } from "../report-options";
import { type Paint, painter } from "../terminal/paint";
import { textTable } from "../terminal/text-table";
import { wrapText } from "../terminal/wrap-text";
import { buildScreen, type Screen } from "./build-screen";

/** Lines of a terminal that was never enlarged, and one for the prompt. */
export const MOST_LINES = 25;
const NARROWEST = 60;

/** What a failing plan needs below its tables: a heading, a change or two, and where to read on. */
const LINES_OF_CHANGES = 7;

/** The plan's answer for a terminal: at most 25 lines from 80 columns on. Without remedies a failing plan shows what might help. */
export function renderScreen(plan: Plan, options: ReportOptions): string {
  const { answer, readOn } = screenParts(plan, options);
  return answer + readOn(options.remedies);
}

/** A screen in two parts: the answer is known at once, changes that pass take seconds to find. */
export interface ScreenParts {
  readonly answer: string;
  /** What comes below it. `remedies`: changes that pass, where they were looked for. */
  readonly readOn: (remedies: readonly Remedy[] | undefined) => string;
}

/** The plan's answer for a terminal in two parts, of at most 25 lines together. */
export function screenParts(plan: Plan, options: ReportOptions): ScreenParts {
  const look = { width: Math.max(NARROWEST, options.width), paint: painter(options.color) };
  const answer = answerLines(buildScreen(plan, undefined), look, plan.violations.length > 0);
  return {
    answer: text(answer),
    readOn: (remedies) => text(readOnLines(buildScreen(plan, remedies), look, MOST_LINES - answer.length)),
  };
}

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

interface Look {
  readonly width: number;
  readonly paint: Paint;
}

const quietLines = (sentence: string, { width, paint }: Look): readonly string[] =>
  wrapText(sentence, width).map((line) => paint(line, "quiet"));

function answerLines(screen: Screen, look: Look, fails: boolean): readonly string[] {
  const { width, paint } = look;
  const head = [
    ...wrapText(screen.title, width).map((line) => paint(line, "title")),
    ...wrapText(screen.verdict.text, width).map((line) => paint(line, screen.verdict.tone)),
    ...wrapText(screen.cost, width),
    "",
  ];
  const strategies = ["", ...tableLines(screen.strategies, width, paint)];
  const room = MOST_LINES - (fails ? LINES_OF_CHANGES : quietLines(screen.readOnBriefly, look).length + 1);
  const figures = screen.figures.rows.length;
  // Where much is missed, what holds gives way, then the other strategies; what is missed never does.
  const shown = Math.max(screen.missed, Math.min(figures, room - head.length - strategies.length - 1));
  const table = tableLines({ ...screen.figures, rows: screen.figures.rows.slice(0, shown) }, width, paint);
  const whole = [...head, ...table, ...strategies];
  const lines = whole.length <= room ? whole : [...head, ...table];
  const rest = whole.length <= room ? quietLines(screen.rest, look) : [];
  return lines.length + rest.length <= room ? [...lines, ...rest] : lines;
}

function readOnLines(screen: Screen, look: Look, room: number): readonly string[] {
  const ends = [screen.readOn, screen.readOnBriefly].map((sentence) => ["", ...quietLines(sentence, look)]);
  const whole = changeLines(screen, Number.POSITIVE_INFINITY, look);
  const end = ends.find((lines) => whole.length + lines.length <= room) ?? ends.at(-1) ?? [];
  return [...changeLines(screen, room - end.length, look), ...end];
}

const tableLines = ({ columns, rows }: Table, width: number, paint: Paint): readonly string[] =>
  textTable({ columns, rows, width }, paint);

/** No line ends between an option and its value. */
const bound = (text: string): string => text.replace(/(--(?:set|strategy)) /g, "$1\u00a0");

/** As many whole changes as there is room for; the heading says when some have none. */
function changeLines({ changes }: Screen, room: number, { width, paint }: Look): readonly string[] {
  if (changes === undefined) return [];
  const items = changes.items.map((item) =>
    wrapText(bound(item), width - 2).map((line, index) => `${index === 0 ? "- " : "  "}${line}`),
  );
  const shown: string[] = [];
  let fitting = 0;
  for (const item of items) {
    if (shown.length + item.length + 2 > room) break;
    shown.push(...item);
    fitting += 1;
  }
  const heading = `${changes.heading}${fitting < items.length ? ` (${fitting} of ${items.length}; \`verification\` has all)` : ""}`;
  return ["", paint(shown.length > 0 ? `${heading}:` : `${heading}.`, "strong"), ...shown];
}
