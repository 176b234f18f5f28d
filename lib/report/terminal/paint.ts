import type { Tone } from "../report-document";

/** Colours text by tone. Without colour the text passes as it is: marks and words carry the meaning. */
export type Paint = (text: string, tone?: Tone | "title") => string;

const CODES: Readonly<Record<Tone | "title", readonly [number, number]>> = {
  good: [32, 39],
  bad: [31, 39],
  warn: [33, 39],
  strong: [1, 22],
  quiet: [2, 22],
  title: [1, 22],
};

const ESCAPE = "\u001b[";

export function painter(color: boolean): Paint {
  return (text, tone) => {
    if (!color || tone === undefined || text === "") return text;
    const [on, off] = CODES[tone];
    return `${ESCAPE}${on}m${text}${ESCAPE}${off}m`;
  };
}
