import type { Check, Plan } from "../../strategy";
import { isMeasure, marginWithUnit, withUnit } from "../format-number";
import type { Block, Cell, Section } from "../report-document";
import { cell } from "./fact";

/** Every requirement held against the plan, and for each that fails what to change. */
export function verificationSection(plan: Plan): Section {
  const failed = plan.checks.filter(({ pass }) => !pass);
  const blocks: readonly Block[] = [
    {
      kind: "table",
      caption: `${plan.checks.length - failed.length} of ${plan.checks.length} requirements hold`,
      columns: [
        { title: "requirement" },
        { title: "computed", align: "right" },
        { title: "margin", align: "right" },
        { title: "verdict" },
      ],
      rows: plan.checks.map(checkRow),
    },
    ...changes(plan),
  ];
  return { id: "verification", title: "Verification results", blocks };
}

function checkRow(check: Check): readonly Cell[] {
  return [
    cell(check.requirement),
    cell(withUnit(check.value, check.unit)),
    cell(check.margin === 0 ? "none" : marginWithUnit(check.margin, shortUnit(check.unit))),
    check.pass ? cell("✓ holds", "good") : cell("✗ fails", "bad"),
  ];
}

/** Counted things keep their name in the computed column; the margin beside it is a bare number. */
const shortUnit = (unit: string): string => (isMeasure(unit) ? unit : "");

function changes(plan: Plan): readonly Block[] {
  if (plan.violations.length === 0) return [];
  const items = plan.violations.map(({ requirement, value, change }) =>
    cell(`${requirement}: computed ${value}; ${change}`, "bad"),
  );
  return [
    { kind: "text", text: "What to change:" },
    { kind: "list", items },
  ];
}
