/** Where a command ends: what follows is another command, or where its output goes. */
const ENDS = /^(;|&&?|\|\|?|\d*>{1,2}.*|<.*)$/;

/** A word, or a sign of the shell that ends a command. */
const TOKEN = /\\\r?\n|\s+|#[^\n]*|"(?:\\.|[^"\\])*"|'[^']*'|\\.|&&|\|\||[;&|]|[^\s"'\\;&|]+/gs;

/**
 * Words of a POSIX shell's text, without expansions: quotes and backslashes are taken off, lines that end in a backslash go
 * on, comments are left out. A newline ends a command, as `;` does.
 */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let open = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const sign = signOf(token);
    if (sign !== undefined) {
      if (sign !== "" && words.length > 0) words.push(sign);
      open = false;
    } else if (open) words.push(`${words.pop() ?? ""}${unquoted(token)}`);
    else if (!token.startsWith("#")) {
      words.push(unquoted(token));
      open = true;
    }
  }
  return words;
}

/** What parts words: nothing for a space, `;` for a newline, the sign of the shell itself; undefined for a part of a word. */
function signOf(token: string): string | undefined {
  if (/^\\\r?\n$/.test(token)) return "";
  if (/^\s/.test(token)) return token.includes("\n") ? ";" : "";
  return /^(;|&&?|\|\|?)$/.test(token) ? token : undefined;
}

function unquoted(token: string): string {
  if (token.startsWith('"')) return token.slice(1, -1).replace(/\\([\\"$`\n])/g, "$1");
  if (token.startsWith("'")) return token.slice(1, -1);
  return token.startsWith("\\") ? token.slice(1) : token;
}

/** The words of the command that begins at `from`, up to where the shell begins another. */
export function commandFrom(words: readonly string[], from: number): string[] {
  const rest = words.slice(from);
  const end = rest.findIndex((word) => ENDS.test(word));
  return end < 0 ? rest : rest.slice(0, end);
}
