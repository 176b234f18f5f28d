/**
 * A command of one line as several lines that can still be pasted: broken before options, with backslashes.
 * Comments and what has no option to break at stay as they are.
 */
export function breakCommand(line: string, width: number): readonly string[] {
  if (line.length <= width || line.startsWith("#")) return [line];
  const lines: string[] = [];
  let current = "";
  for (const part of line.split(/ (?=--?[a-zA-Z])/)) {
    const longer = current === "" ? part : `${current} ${part}`;
    if (current !== "" && longer.length > width - 4) {
      lines.push(`${current} \\`);
      current = `  ${part}`;
    } else {
      current = longer;
    }
  }
  return [...lines, current];
}
