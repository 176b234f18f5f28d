import type { ReportDocument } from "../report-document";

/** The document as one self-contained page. */
export function renderHtml(document: ReportDocument): string {
  return document.title;
}
