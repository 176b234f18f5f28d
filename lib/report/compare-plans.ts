import { type ComparedPlan, type ComparedValues, compared } from "./compared-rows";
import { planCommands } from "./json/plan-commands";
import { planJson } from "./json/plan-json";
import { renderDocument } from "./render-report";
import type { Block, Cell, ReportDocument, ReportFormat, Table } from "./report-document";
import type { ReportOptions } from "./report-options";
import { cell } from "./sections/fact";
import { winner, winnerOf } from "./winner";

/**
 * Two or more plans side by side, with the winner by their objective; a row whose values differ names the better plan, or is
 * marked with "≠" where neither is. JSON holds the whole plans and the same rows.
 */
export function comparePlans(
  plans: readonly ComparedPlan[],
  reportFormat: ReportFormat,
  options: ReportOptions,
): string {
  if (reportFormat === "json") return `${JSON.stringify(comparisonJson(plans), null, 2)}\n`;
  const width = reportFormat === "terminal" ? options.width : Number.POSITIVE_INFINITY;
  return renderDocument(comparison(plans, width), reportFormat, options);
}

function comparison(plans: readonly ComparedPlan[], width: number): ReportDocument {
  // What no plan has, as how far an overloaded one falls short, needs no row.
  const rows = compared(plans).filter(({ values }) => values.some((value) => value !== "-"));
  const differing = rows.filter(({ differs }) => differs).length;
  const groups = [...new Set(rows.map(({ group }) => group))];
  return {
    title: plans.map(({ name }) => name).join(" against "),
    subtitle: `Plans side by side; ${differing} of ${rows.length} rows differ (≠: no plan is the better one)`,
    verdict: winner(plans),
    sections: groups.map((group) => ({
      id: group.toLowerCase().replaceAll(" ", "-"),
      title: group,
      blocks: groupBlocks(
        plans,
        rows.filter((one) => one.group === group),
        width,
      ),
    })),
    highlights: [],
    derivations: [],
    sources: [],
  };
}

/** Columns between two cells of a row. */
const GAP = 2;

/** A table of the rows that fit in `width` columns; what is too long for a row stands below as a sentence of its own. */
function groupBlocks(
  plans: readonly ComparedPlan[],
  rows: readonly ComparedValues[],
  width: number,
): readonly Block[] {
  const shortFirst = [...rows].sort((a, b) => rowLength(a) - rowLength(b));
  let shown = rows;
  for (let most = rows.length; most > 0 && tableWidth(comparisonTable(plans, shown)) > width; ) {
    most--;
    const kept = new Set(shortFirst.slice(0, most));
    shown = rows.filter((one) => kept.has(one));
  }
  const below = rows.filter((one) => !shown.includes(one));
  const said = ({ label, values, differs }: ComparedValues): Cell => {
    if (!differs) return cell(`${label}, the same for all: ${values[0]}`);
    return cell(`≠ ${label}: ${plans.map(({ name }, index) => `${name} ${values[index]}`).join("; ")}`);
  };
  return [
    ...(shown.length === 0
      ? []
      : [{ kind: "table" as const, caption: rows[0]?.group ?? "", ...comparisonTable(plans, shown) }]),
    ...(below.length === 0 ? [] : [{ kind: "list" as const, items: below.map(said) }]),
  ];
}

const rowLength = ({ label, values }: ComparedValues): number =>
  Math.max(label.length, ...values.map((value) => value.length));

function tableWidth({ columns, rows }: Table): number {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((cells) => cells[index]?.text.length ?? 0)),
  );
  return widths.reduce((sum, one) => sum + one + GAP, -GAP);
}

const comparisonTable = (plans: readonly ComparedPlan[], rows: readonly ComparedValues[]): Table => ({
  columns: [
    { title: "quantity" },
    ...plans.map(({ name }) => ({ title: name, align: "right" as const })),
    { title: "better" },
  ],
  rows: rows.map((one): readonly Cell[] => [
    cell(one.label),
    ...one.values.map((value, at) => cell(value, toneOf(one, plans[at]?.name))),
    cell(one.best ?? (one.differs ? "≠" : "")),
  ]),
});

function toneOf({ differs, best, worst }: ComparedValues, name: string | undefined): Cell["tone"] {
  if (!differs) return undefined;
  if (best === undefined) return "strong";
  return name === best ? "good" : name === worst ? "bad" : "strong";
}

const comparisonJson = (plans: readonly ComparedPlan[]) => ({
  schemaVersion: 1,
  winner: winnerOf(plans)?.name ?? null,
  plans: plans.map(({ name, plan }) => ({ name, plan: planJson(plan, planCommands(plan)) })),
  rows: compared(plans),
});
