import { escapeHtml } from "./escape-html";

/** A file of a repository at a commit (`owner/name@1d92708 path/of/file.md`), the repository alone, or an address. */
const PLACE = /([\w.-]+\/[\w.-]+)@([0-9a-f]{7,40})(?: ([\w./-]*\/[\w./-]*\w))?|https?:\/\/[^\s;,)]+/g;

/** A source as HTML: files of public repositories and addresses are links. */
export function sourceHtml(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACE)) {
    const [whole, repository, commit, path] = match;
    const target =
      repository === undefined
        ? whole
        : `https://github.com/${repository}/${path === undefined ? `tree/${commit}` : `blob/${commit}/${path}`}`;
    parts.push(escapeHtml(text.slice(from, match.index)));
    parts.push(`<a href="${escapeHtml(target)}">${escapeHtml(whole)}</a>`);
    from = match.index + whole.length;
  }
  return [...parts, escapeHtml(text.slice(from))].join("");
}
