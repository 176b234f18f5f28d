import type { Check, Plan, Remedy } from "../../strategy";
import { asArguments, asPulumiCommands, remedyText } from "../../strategy";
import { isMeasure, marginWithUnit, withUnit } from "../format-number";
import type { Block, Cell, Section } from "../report-document";
import { cell } from "./fact";

/** Every requirement held against the plan, and for each that fails what to change. */
export function verificationSection(plan: Plan, remedies: readonly Remedy[] | undefined): Section {
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
    ...passing(plan, remedies),
  ];
  return { id: "verification", title: "Verification results", blocks };
}

function checkRow(check: Check): readonly Cell[] {
  return [
    cell(check.requirement),
    cell(withUnit(check.value, check.unit)),
    cell(check.margin === 0 ? "none" : marginWithUnit(check.margin, shortUnit(check.unit))),
    checkVerdict(check),
  ];
}

/** Where another run could turn the verdict, it says so. */
function checkVerdict({ pass, withinError }: Check): Cell {
  if (withinError) return cell(pass ? "✓ holds, within error" : "✗ fails, within error", "warn");
  return pass ? cell("✓ holds", "good") : cell("✗ fails", "bad");
}

/** Counted things keep their name in the computed column; the margin beside it is a bare number. */
const shortUnit = (unit: string): string => (isMeasure(unit) ? unit : "");

function changes(plan: Plan): readonly Block[] {
  if (plan.violations.length === 0) return [];
  const items = plan.violations.map(({ requirement, value, change }) =>
    cell(`${requirement}: computed ${value}; ${change}`, "bad"),
  );
  return [
    { kind: "text", text: "What each failed requirement depends on:" },
    { kind: "list", items },
  ];
}

/** Changes that were simulated and pass, as they are typed; nothing where nobody looked for them. */
function passing(plan: Plan, remedies: readonly Remedy[] | undefined): readonly Block[] {
  if (plan.violations.length === 0 || remedies === undefined) return [];
  if (remedies.length === 0) return [{ kind: "text", text: "No change that was tried makes the plan pass." }];
  return [
    {
      kind: "text",
      text: "With each of these changes the plan passes in simulated runs as long as this verdict; the cheapest comes first.",
    },
    ...remedies.flatMap((remedy): readonly Block[] => [
      {
        kind: "code",
        title: remedyText(remedy),
        text: `shardplan plan ${asArguments(remedy)}\n${asPulumiCommands(remedy).join("\n")}`,
      },
    ]),
  ];
}
