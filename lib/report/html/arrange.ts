import type { ReportDocument, Section } from "../report-document";
import type { SectionId } from "../section-ids";

/** What a reader came for, in this order; the other sections of a plan stand behind "Details". */
const ANSWER: readonly SectionId[] = [
  ...(["strategy", "latency", "throughput", "memory", "rationale", "alternatives"] as const),
];

/**
 * The sections of a page in two parts. A failing plan says first what fails and what would pass; where nothing fails, the
 * list of requirements is the first of the details. Other documents stay as they are.
 */
export function arrange({ sections, verdict }: Pick<ReportDocument, "sections" | "verdict">): {
  readonly answer: readonly Section[];
  readonly details: readonly Section[];
} {
  const isPlan = sections.some(({ id }) => id === "verification");
  if (!isPlan) return { answer: sections, details: [] };
  const isVerification = ({ id }: Section) => id === "verification";
  const verification = sections.filter(isVerification);
  const figures = ANSWER.flatMap((id) =>
    sections.filter((section) => section.id === id && !isEmpty(section)),
  );
  const rest = sections.filter((section) => !figures.includes(section) && !isVerification(section));
  return verdict.tone === "bad"
    ? { answer: [...verification, ...figures], details: rest }
    : { answer: figures, details: [...verification, ...rest] };
}

/** A section that only says why it has no figures. */
const isEmpty = ({ blocks }: Section): boolean =>
  blocks.every((block) => block.kind === "text" && block.tone === "quiet");
