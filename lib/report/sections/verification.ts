import { programName } from "../../config";
import type { Check, Plan, Remedy } from "../../strategy";
import { asArguments, asPulumiCommands, remedyText } from "../../strategy";
import { isMeasure, marginWithUnit, withUnit } from "../format-number";
import type { Block, Cell, Section } from "../report-document";
import { cell } from "./fact";

/** What fails and what can be changed, changes that pass, and every requirement held against the plan. */
export function verificationSection(plan: Plan, remedies: readonly Remedy[] | undefined): Section {
  const failed = plan.checks.filter(({ pass }) => !pass);
  const blocks: readonly Block[] = [
    ...changes(plan),
    ...passing(plan, remedies),
    {
      kind: "table",
      caption: `${plan.checks.length - failed.length} of ${plan.checks.length} requirements hold`,
      ...(failed.length > 0 ? { folded: true as const } : {}),
      columns: [
        { title: "requirement" },
        { title: "computed", align: "right" },
        { title: "margin", align: "right" },
        { title: "verdict" },
      ],
      rows: plan.checks.map(checkRow),
    },
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
  return [
    {
      kind: "table",
      caption: "What fails",
      columns: [{ title: "what does not hold" }, { title: "what can be changed" }],
      rows: plan.violations.map(({ sentence, change }) => [cell(sentence, "bad"), cell(asSentence(change))]),
    },
  ];
}

const asSentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

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
        text: `${programName()} plan ${asArguments(remedy)}\n${asPulumiCommands(remedy).join("\n")}`,
      },
    ]),
  ];
}
