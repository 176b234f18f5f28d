import type { Citation } from "./report-document";

/** "derived [3]". */
export const citationText = ({ kind, number }: Citation): string => `${kind} [${number}]`;

/** "derived [3], config [1]"; empty without sources. */
export const citationsText = (citations: readonly Citation[] | undefined): string =>
  (citations ?? []).map(citationText).join(", ");
