import type { SensitivityRow } from "../../strategy";
import type { Section } from "../report-document";
import { cell } from "./fact";

/** What would change the choice. Absent when the caller did not compute it. */
export function sensitivitySection(rows: readonly SensitivityRow[] | undefined): readonly Section[] {
  if (rows === undefined || rows.length === 0) return [];
  return [
    {
      id: "sensitivity",
      title: "What would change the choice",
      blocks: [
        {
          kind: "table",
          caption: "The same question with one thing changed",
          columns: [
            { title: "if" },
            { title: "the planner chooses" },
            { title: "targets" },
            { title: "why" },
          ],
          rows: rows.map((row) => [
            cell(row.change),
            cell(
              row.changesChoice ? `${row.choice} (changes)` : row.choice,
              row.changesChoice ? "strong" : undefined,
            ),
            row.meetsSlo ? cell("✓ met", "good") : cell("✗ not met", "bad"),
            cell(row.sentence),
          ]),
        },
      ],
    },
  ];
}
