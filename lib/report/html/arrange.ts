import type { ReportDocument, Section } from "../report-document";
import type { SectionId } from "../section-ids";

/** What a reader came for, in this order; the other sections of a plan stand behind "Details". */
const ANSWER: readonly SectionId[] = [
  ...(["strategy", "latency", "throughput", "memory", "rationale", "alternatives"] as const),
  "verification",
];

/** The sections of a page in two parts. A failing plan says first what fails and what would pass; other documents stay as they are. */
export function arrange({ sections, verdict }: Pick<ReportDocument, "sections" | "verdict">): {
  readonly answer: readonly Section[];
  readonly details: readonly Section[];
} {
  const isPlan = sections.some(({ id }) => id === "verification");
  if (!isPlan) return { answer: sections, details: [] };
  const first = verdict.tone === "bad" ? (["verification"] as const) : [];
  const order: readonly string[] = [...new Set<string>([...first, ...ANSWER])];
  const answer = order.flatMap((id) => sections.filter((section) => section.id === id));
  return { answer, details: sections.filter((section) => !answer.includes(section)) };
}
