/** Breaks text into lines of at most `width` characters between words; a word that is longer is cut, after a sign if it has one. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((whole) => pieces(whole, width))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

function pieces(word: string, width: number): readonly string[] {
  if (word.length <= width) return [word];
  const sign = Math.max(...["/", "-", "_", ",", ".", ":"].map((mark) => word.lastIndexOf(mark, width - 1)));
  const cut = sign > 0 ? sign + 1 : width;
  return [word.slice(0, cut), ...pieces(word.slice(cut), width)];
}
