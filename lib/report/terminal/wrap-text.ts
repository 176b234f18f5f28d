/** A figure and its unit, which no line parts while there is room for both. */
const MEASURE = /(\d) (?=%|(?:ms|s|min|[kMGT]B|[MGT]iB)\b)/g;
const BOUND = "\u00a0";

/**
 * Breaks text into lines of at most `width` characters between words; a word that is longer is cut, after a sign if it has
 * one. A no-break space binds what it stands between and is a space in the lines.
 */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  const words = text.replace(MEASURE, `$1${BOUND}`).split(" ");
  for (const word of words.flatMap((whole) => pieces(whole, width))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].map((one) => one.replaceAll(BOUND, " "));
}

function pieces(word: string, width: number): readonly string[] {
  if (word.length <= width) return [word];
  if (word.includes(BOUND)) return word.split(BOUND).flatMap((part) => pieces(part, width));
  const sign = Math.max(...["/", "-", "_", ",", ".", ":"].map((mark) => word.lastIndexOf(mark, width - 1)));
  const cut = sign > 0 ? sign + 1 : width;
  return [word.slice(0, cut), ...pieces(word.slice(cut), width)];
}
