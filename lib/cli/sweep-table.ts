import { checkLabel } from "../strategy";
import type { SweepRow } from "./sweep-row";
import { alignedTable } from "./text-table";

/** Rows of a sweep over a config key, for a terminal so many columns wide. */
export interface SweepTable {
  readonly param: { readonly key: string };
  readonly rows: readonly SweepRow[];
  readonly width: number;
}

/** The table without the columns that have no room: no row goes beyond the terminal. */
export const sweepTable = (sweep: SweepTable): string => tableColumns(sweep).text;

/** What the short titles mean, and what has no room: beside the table, not in it, so that the table can be piped. */
export function sweepTableNotes(sweep: SweepTable): readonly string[] {
  const { leftOut } = tableColumns(sweep);
  return [
    "TTFT: time to first token, dec.: gap between tokens, both in ms. rate/s: highest rate that holds",
    "every target with the serving parameters of the row, which the planner chooses for its question.",
    "$/M: price of a million output tokens at the row's load.",
    "--format csv has every requirement that fails.",
    ...(leftOut.length === 0
      ? []
      : [`No room for ${leftOut.join(", ")}: a wider terminal or --format csv shows them.`]),
  ];
}

/** Columns of the table with their cells; the first that gives way where not all have room has the lowest `rank`. */
const TABLE_COLUMNS: readonly {
  readonly title: string;
  readonly rank: number;
  readonly text: (row: SweepRow) => string;
}[] = [
  { title: "strategy", rank: 9, text: ({ strategy }) => strategy },
  { title: "TTFT p50", rank: 1, text: (row) => figure(row.firstTokenP50Ms, 0) },
  { title: "TTFT p99", rank: 8, text: (row) => figure(row.firstTokenP99Ms, 0) },
  { title: "dec. p50", rank: 2, text: (row) => figure(row.decodeP50Ms, 1) },
  { title: "dec. p99", rank: 7, text: (row) => figure(row.decodeP99Ms, 1) },
  { title: "rate/s", rank: 6, text: (row) => figure(row.sustainableRequestRate, 1) },
  { title: "tok/s/GPU", rank: 3, text: (row) => figure(row.outputTokensPerSecondPerGpu, 0) },
  { title: "$/M", rank: 4, text: (row) => figure(row.usdPerMillionOutputTokens, 2) },
  { title: "misses", rank: 5, text: ({ misses }) => missesText(misses) },
];

/** The table of the columns that have room, and the titles of those that have none. */
function tableColumns({ param, rows, width }: SweepTable): {
  readonly text: string;
  readonly leftOut: readonly string[];
} {
  const key = param.key.slice(param.key.lastIndexOf(".") + 1);
  const all = [{ title: key, rank: 10, text: ({ value }: SweepRow) => value }, ...TABLE_COLUMNS];
  for (let least = 0; ; least++) {
    const columns = all.filter(({ rank }) => rank > least);
    const text = alignedTable(
      columns.map(({ title }) => title),
      rows.map((row) => columns.map((column) => column.text(row))),
    );
    if (columns.length > 2 && text.split("\n").some((line) => line.length > width)) continue;
    return { text, leftOut: all.filter(({ rank }) => rank <= least).map(({ title }) => title) };
  }
}

/** The first check that fails and how many more, so that the table stays narrow; CSV and JSON have them all. */
function missesText(misses: readonly string[]): string {
  const [first] = misses.map(checkLabel);
  return misses.length < 2 ? (first ?? "") : `${first} +${misses.length - 1}`;
}

function figure(value: number | null, digits: number): string {
  return value === null ? "-" : value.toFixed(digits);
}
