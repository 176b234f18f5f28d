import { GLOSSARY } from "../glossary";
import type { ReportDocument, Section } from "../report-document";
import { arrange } from "./arrange";
import { COPY_SCRIPT } from "./copy-script";
import { escapeHtml, textHtml } from "./escape-html";
import { blocksHtml } from "./html-block";
import { withLinkedWords, wordsTable } from "./html-words";
import { PAGE_STYLE } from "./page-style";
import { sourceHtml } from "./source-links";

export { renderDrawings } from "./render-drawings";

/**
 * The document as one self-contained page: no network, light and dark, printable. The answer comes first, what it rests on
 * behind "Details". Its one script adds buttons that copy commands; without it the page reads the same.
 */
export function renderHtml(unordered: ReportDocument): string {
  const { answer, details } = arrange(unordered);
  const document = { ...unordered, sections: [...answer, ...details] };
  const { title, subtitle, verdict } = document;
  const section = (each: Section) =>
    hasWords(document) ? withLinkedWords(sectionHtml(each)) : sectionHtml(each);
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>\n${PAGE_STYLE}\n</style>\n</head>\n<body>`,
    `<header class="page"><h1>${escapeHtml(title)}</h1>`,
    `<p class="quiet">${escapeHtml(subtitle)}</p>`,
    `<p class="verdict ${verdict.tone ?? ""}">${textHtml(verdict.text)}</p>`,
    highlights(document),
    `<nav aria-label="Sections" id="contents"><ol>${contents(document)}</ol></nav></header>`,
    `<main>`,
    ...answer.map(section),
    ...(details.length === 0 ? [] : [DETAILS]),
    ...details.map(section),
    sources(document),
    derivations(document),
    words(document),
    '<a class="up" href="#contents">Contents</a>',
    "</main>",
    "<footer><p>Made by shardplan from the plan alone; nothing here was typed by hand.</p></footer>",
    `<script>\n${COPY_SCRIPT}\n</script>`,
    "</body>\n</html>\n",
  ].join("\n");
}

const DETAILS = '<p class="fold" id="details">Details: what the figures above rest on</p>';

const sectionHtml = (section: Section): string =>
  `<section aria-labelledby="${section.id}"><h2 id="${section.id}">${escapeHtml(section.title)}</h2>\n${blocksHtml(section)}\n</section>`;

function highlights({ highlights: facts }: ReportDocument): string {
  if (facts.length === 0) return "";
  const items = facts.map(
    ({ label, value, note }) =>
      `<div${value.tone === "bad" ? ' class="fails"' : ""}><dt>${escapeHtml(label)}</dt><dd>${value.tone === "bad" ? "✗ " : ""}${escapeHtml(value.text)}${note === undefined ? "" : `<small>${escapeHtml(note)}</small>`}</dd></div>`,
  );
  return `<dl class="highlights">${items.join("")}</dl>`;
}

const contents = ({ sections, sources: list, derivations: formulas }: ReportDocument): string =>
  [
    ...sections.map(({ id, title }) => ({ id, title })),
    ...(list.length > 0 ? [{ id: "sources", title: "Sources of the figures" }] : []),
    ...(formulas.length > 0 ? [{ id: "derivations", title: "How each figure is computed" }, WORDS] : []),
  ]
    .map(({ id, title }) => `<li><a href="#${id}">${escapeHtml(title)}</a></li>`)
    .join("");

function sources({ sources: list }: ReportDocument): string {
  if (list.length === 0) return "";
  const items = list.map(({ number, text }) => `<li id="source-${number}">${sourceHtml(text)}</li>`);
  return `<section aria-labelledby="sources"><h2 id="sources">Sources of the figures</h2><ol>${items.join("")}</ol></section>`;
}

function derivations({ derivations: formulas }: ReportDocument): string {
  if (formulas.length === 0) return "";
  const rows = formulas.map(
    ({ figure, formula, inputs, citation }) =>
      `<tr><th scope="row"><code>${escapeHtml(figure)}</code></th><td>${textHtml(formula)}</td><td>${escapeHtml(inputs)}</td><td>${citation.kind} <a href="#source-${citation.number}">[${citation.number}]</a></td></tr>`,
  );
  return [
    '<section aria-labelledby="derivations"><h2 id="derivations">How each figure is computed</h2>',
    `<details><summary>${formulas.length} figures with formula, inputs and source</summary>`,
    '<div class="scroll" role="region" tabindex="0" aria-label="Formulas"><table class="formula"><thead><tr>',
    '<th scope="col">figure</th><th scope="col">formula</th><th scope="col">inputs</th><th scope="col">known from</th>',
    `</tr></thead><tbody>${rows.join("")}</tbody></table></div></details></section>`,
  ].join("");
}

const WORDS = { id: "words", title: "What the words mean" };

/** A page without figures has no list of words. */
const hasWords = ({ derivations: formulas }: ReportDocument): boolean => formulas.length > 0;

function words(document: ReportDocument): string {
  if (!hasWords(document)) return "";
  return [
    `<section aria-labelledby="${WORDS.id}"><h2 id="${WORDS.id}">${WORDS.title}</h2>`,
    `<details><summary>${GLOSSARY.length} words of this page</summary>`,
    `${wordsTable()}</details></section>`,
  ].join("");
}
