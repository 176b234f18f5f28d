import { GLOSSARY, type Word } from "./glossary";

/** Words by length, so that "chunked prefill" is not taken for "prefill". */
const WORDS: ReadonlyMap<string, Word> = new Map(
  [...GLOSSARY]
    .sort((a, b) => b.word.length - a.word.length)
    .map((entry) => [entry.word.toLowerCase(), entry]),
);

/** A word at the start of a sentence or in the plural is the same word; abbreviations are written one way. */
const forms = ({ word }: Word): string =>
  /^[a-z]/.test(word) ? `[${word.charAt(0).toUpperCase()}${word.charAt(0)}]${word.slice(1)}s?` : word;

const ANY = new RegExp(`(?<![\\w/.-])(?:${[...WORDS.values()].map(forms).join("|")})(?![\\w/-]|\\.\\w)`, "g");

const entryOf = (shown: string): Word | undefined =>
  WORDS.get(shown.toLowerCase()) ?? WORDS.get(shown.toLowerCase().replace(/s$/, ""));

/** Links the first use of each word of the glossary in plain text. `linked` collects the words, so that one is linked once in all texts that share it. */
export function linkWords(
  text: string,
  linked: Set<string>,
  link: (shown: string, entry: Word) => string,
): string {
  return text.replace(ANY, (shown) => {
    const entry = entryOf(shown);
    if (entry === undefined || linked.has(entry.word)) return shown;
    linked.add(entry.word);
    return link(shown, entry);
  });
}
