import type { Plan } from "../../strategy";
import type { Table } from "../report-document";
import type { ReportOptions } from "../report-options";
import { type Paint, painter } from "../terminal/paint";
import { textTable } from "../terminal/text-table";
import { wrapText } from "../terminal/wrap-text";
import { buildScreen, type Screen } from "./build-screen";

/** Lines of a terminal that was never enlarged, and one for the prompt. */
export const MOST_LINES = 25;
const NARROWEST = 60;

/** The plan's answer for a terminal: at most 25 lines from 80 columns on. Without remedies a failing plan shows what might help. */
export function renderScreen(plan: Plan, options: ReportOptions): string {
  const look = { width: Math.max(NARROWEST, options.width), paint: painter(options.color) };
  const screen = buildScreen(plan, options.remedies);
  const roomy = allLines(screen, look, { rest: true, readOn: screen.readOn });
  const brief = allLines(screen, look, { rest: true, readOn: screen.readOnBriefly });
  const briefest = allLines(screen, look, { rest: false, readOn: screen.readOnBriefly });
  const lines = [roomy, brief, briefest].find(({ length }) => length <= MOST_LINES) ?? briefest;
  return `${lines.join("\n")}\n`;
}

interface Look {
  readonly width: number;
  readonly paint: Paint;
}

/** What gives way to changes that pass when there is no room for all. */
interface Shown {
  readonly rest: boolean;
  readonly readOn: string;
}

function allLines(screen: Screen, { width, paint }: Look, { rest, readOn }: Shown): readonly string[] {
  const quiet = (text: string) => wrapText(text, width).map((line) => paint(line, "quiet"));
  const before = [
    ...wrapText(screen.title, width).map((line) => paint(line, "title")),
    ...wrapText(screen.verdict.text, width).map((line) => paint(line, screen.verdict.tone)),
    ...wrapText(screen.cost, width),
    "",
    ...tableLines(screen.figures, width, paint),
    "",
    ...tableLines(screen.strategies, width, paint),
    ...(rest ? quiet(screen.rest) : []),
  ];
  const after = ["", ...quiet(readOn)];
  // Only the last resort leaves changes out.
  const room = rest ? Number.POSITIVE_INFINITY : MOST_LINES - before.length - after.length;
  return [...before, ...changeLines(screen, room, { width, paint }), ...after];
}

const tableLines = ({ columns, rows }: Table, width: number, paint: Paint): readonly string[] =>
  textTable({ columns, rows, width }, paint);

/** No line ends between an option and its value. */
const SET = "--set\u00a0";

/** As many whole changes as there is room for; the heading says when some have none. */
function changeLines({ changes }: Screen, room: number, { width, paint }: Look): readonly string[] {
  if (changes === undefined) return [];
  const items = changes.items.map((item) =>
    wrapText(item.replaceAll("--set ", SET), width - 2).map(
      (line, index) => `${index === 0 ? "- " : "  "}${line.replaceAll(SET, "--set ")}`,
    ),
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
