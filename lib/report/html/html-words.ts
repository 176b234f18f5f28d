import { GLOSSARY, wordId } from "../glossary";
import { linkWords } from "../link-words";
import { escapeHtml } from "./escape-html";

/** What lies in these is a name, a command, a drawing or a link already. */
const UNTOUCHED = /^(h2|h3|a|code|pre|svg|summary|figcaption|caption|thead)$/;

const TAG = /(<[^>]*>)/;

/** HTML of one section with the first use of each word of the glossary linked to the page's list of words. */
export function withLinkedWords(html: string): string {
  const linked = new Set<string>();
  let inside = 0;
  return html
    .split(TAG)
    .map((part) => {
      const [, closes, name] = /^<(\/?)([a-z0-9]+)/i.exec(part) ?? [];
      if (name === undefined)
        return inside > 0 ? part : linkWords(part, linked, (shown, { word }) => wordLink(shown, word));
      if (UNTOUCHED.test(name)) inside += closes === "/" ? -1 : 1;
      return part;
    })
    .join("");
}

const wordLink = (shown: string, word: string): string =>
  `<a class="word" href="#${wordId(word)}">${shown}</a>`;

/** The list of words itself; a link to a word opens it. */
export function wordsTable(): string {
  const rows = GLOSSARY.map(
    ({ word, meaning }) =>
      `<tr id="${wordId(word)}"><th scope="row">${escapeHtml(word)}</th><td>${escapeHtml(meaning)}</td></tr>`,
  );
  return [
    '<table class="formula"><thead><tr><th scope="col">word</th><th scope="col">meaning</th></tr></thead>',
    `<tbody>${rows.join("")}</tbody></table>`,
  ].join("");
}
