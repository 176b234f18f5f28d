const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML text or attribute value. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/** A figure and its unit, which no line parts. */
const MEASURE = /(\d) (?=%|(?:ms|s|min|[kMGT]B|[MGT]iB)\b)/g;

/** The same for prose: what stands between backticks is code, and a figure keeps its unit. */
export const textHtml = (text: string): string =>
  escapeHtml(text)
    .replace(/`([^`]+)`/g, "<code>$1</code>")
    .replace(MEASURE, "$1\u00a0");
