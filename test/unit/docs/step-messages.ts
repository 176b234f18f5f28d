import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Message, VALUE } from "./thrown-messages";

/** Functions of the steps that end them with a message, and the variable that carries one to its end. */
const SPEAKERS = /(?:\b(?:fatal|fail|fail_change|give_up)\s+|\bWHY=)"/g;

/** Messages with which the bash files of a folder end, as their sources have them. */
export function stepMessages(root: string, folder: string): Message[] {
  const files = readdirSync(join(root, folder)).filter((name) => name.endsWith(".sh"));
  return files.sort().flatMap((name) => {
    const text = readFileSync(join(root, folder, name), "utf8");
    return [...text.matchAll(SPEAKERS)].map(({ 0: before, index }) => ({
      file: join(folder, name),
      text: quotedText(text, index + before.length),
    }));
  });
}

/** A double-quoted string from behind its first quote, with `VALUE` for variables and for what commands print. */
function quotedText(source: string, start: number): string {
  let text = "";
  for (let at = start; source[at] !== '"'; ) {
    const rest = source.slice(at);
    const variable =
      /^\$(?:\w+|[*@#?])/.exec(rest)?.[0] ?? (/^\$[({]/.test(rest) ? balanced(rest) : undefined);
    if (variable !== undefined) {
      text += VALUE;
      at += variable.length;
    } else {
      if (source[at] === "\\") at++;
      text += source[at] ?? "";
      at++;
    }
    if (at >= source.length)
      throw new Error(`a string that does not end: ${source.slice(start, start + 80)}`);
  }
  return text;
}

/** `$( )` or `${ }` to its own closing bracket. */
function balanced(text: string): string {
  let depth = 0;
  for (let at = 1; at < text.length; at++) {
    if ("({".includes(text[at] ?? "")) depth++;
    if (")}".includes(text[at] ?? "") && --depth === 0) return text.slice(0, at + 1);
  }
  throw new Error(`an expansion that does not end: ${text.slice(0, 80)}`);
}
