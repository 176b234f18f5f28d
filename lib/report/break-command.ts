/**
 * A command of one line as several lines that can still be pasted: broken before options and between the values of an
 * option that has many, with backslashes, and in a quoted JSON object between its members, where JSON takes a new line as
 * blank. Comments and what has no such place to break at stay as they are.
 */
export function breakCommand(line: string, width: number): readonly string[] {
  if (line.length <= width || line.startsWith("#")) return [line];
  const lines: string[] = [];
  let current = "";
  for (const part of line.split(/ (?=--?[a-zA-Z])/)) {
    const longer = current === "" ? part : `${current} ${part}`;
    if (current !== "" && longer.length > width - 4) {
      lines.push(`${current} \\`);
      lines.push(...breakValues(`  ${part}`, width));
      const [first = "", ...members] = breakJson(lines.pop() ?? "", width);
      lines.push(...(members.length === 0 ? [] : [first, ...members.slice(0, -1)]));
      current = members.at(-1) ?? first;
    } else {
      current = longer;
    }
  }
  return [...lines, current];
}

/** The values of an option that takes many, such as the sizes of CUDA graphs: between words, where none is quoted. */
function breakValues(line: string, width: number): readonly string[] {
  if (line.length <= width || /['"]/.test(line)) return [line];
  const [option = "", first = "", ...words] = line.trim().split(" ");
  const lines: string[] = [];
  let current = `  ${option} ${first}`;
  for (const word of words) {
    const longer = `${current} ${word}`;
    if (longer.length > width - 4) {
      lines.push(`${current} \\`);
      current = `    ${word}`;
    } else current = longer;
  }
  return [...lines, current];
}

function breakJson(line: string, width: number): readonly string[] {
  if (line.length <= width || !/'\{.*\}'/.test(line)) return [line];
  return line.split(/(?<=,)(?=")/).map((member, index) => (index === 0 ? member : `    ${member}`));
}
