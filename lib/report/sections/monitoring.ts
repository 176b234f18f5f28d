import type { Plan } from "../../strategy";
import { monitoringPoints } from "../monitoring-points";
import type { Section } from "../report-document";
import { cannotRun, emptySection } from "./cannot-run";
import { cell } from "./fact";

/** What to watch in operation, with thresholds from the plan. */
export function monitoringSection(plan: Plan): Section {
  if (cannotRun(plan)) return emptySection("monitoring", "Monitoring points");
  const points = monitoringPoints(plan);
  return {
    id: "monitoring",
    title: "Monitoring points",
    blocks: [
      {
        kind: "table",
        caption: "Alarms, from the stack's `monitoring` section and the plan's figures",
        columns: [{ title: "watch" }, { title: "alarm" }, { title: "meaning" }],
        rows: points.map(({ watch, alarm, meaning }) => [cell(watch), cell(alarm), cell(meaning)]),
      },
      { kind: "code", title: "Expressions", text: expressions(points) },
    ],
  };
}

const expressions = (points: ReturnType<typeof monitoringPoints>): string =>
  points.map(({ watch, expression }) => `# ${watch}\n${expression}`).join("\n");
